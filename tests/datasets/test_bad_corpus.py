"""The corpus of bad input: which case is stopped, or handled as documented, by which test of this folder or one below.

Every test checks that the message names the case or file, what was found and the next step. A line is
`case -> file::test [parameter]`; `+` marks input that is odd but sound, and how it is handled.

Files of a case (refused by case id, the other cases are kept and finished):
    truncated gzip -> bad_corpus_images::bad_file [gzip cut in the middle]
    gzip that lacks its checksum -> bad_corpus_images::bad_file [gzip without its last bytes]
    gzip with a flipped byte -> bad_corpus_images::bad_file [gzip with a flipped byte]
    gzip whose checksum is of other bytes -> bad_corpus_images::bad_file [gzip with another checksum]
    bytes after the gzip -> bad_corpus_images::bad_file [bytes after the gzip]
    + zeros after the gzip, ignored -> bad_corpus_images::odd_but_sound [zeros after the gzip, as tapes leave them]
    truncated .nii -> bad_corpus_images::bad_file [uncompressed and cut]
    file of no bytes -> bad_corpus_images::bad_file [empty file]
    wrong magic -> bad_corpus_images::bad_file [wrong magic]
    random bytes -> bad_corpus_images::bad_file [random bytes]
    zip under the name of a NIfTI file -> bad_corpus_images::bad_file [zip under its name]
    LFS pointer -> bad_corpus_images::bad_file [LFS pointer]
    LFS pointer in a clone of KiTS -> kits2019::pointer
    HTML page -> bad_corpus_images::bad_file [HTML page]
    .nii.gz that is not compressed -> bad_corpus_images::bad_file [not compressed]
    .nii that is compressed -> bad_corpus_images::bad_file [compressed without .gz]
    folder in place of a file -> bad_corpus_images::bad_file [folder in its place]
    link to nowhere (git-annex) -> bad_corpus_images::bad_file [link to nowhere]
    header that asks for more than memory -> bad_corpus_images::bad_file [shape beyond memory]
    unknown type of data -> bad_corpus_images::bad_file [unknown type of data]
    + file left by macOS, ignored -> bad_corpus_images::odd_but_sound [file of macOS beside it]

Grids:
    other shape -> bad_corpus_images::bad_file [other shape]
    other affine -> bad_corpus_images::bad_file [other affine]
    other spacing -> bad_corpus_images::bad_file [other spacing]
    second modality or rater on another grid -> bad_corpus_images::another_grid
    spacing of zero -> bad_corpus_images::bad_file [spacing of zero]
    + spacing of zero beside a sound sform, ignored -> bad_corpus_images::odd_but_sound [spacing of zero beside]
    negative spacing -> bad_corpus_images::bad_file [negative spacing]
    spacing that is NaN -> bad_corpus_images::bad_file [spacing that is no number]
    affine with NaN -> bad_corpus_images::bad_file [affine with NaN]
    affine with an axis of no length -> bad_corpus_images::bad_file [affine without an axis]
    affine of one plane -> bad_corpus_images::bad_file [affine whose axes agree]
    4-D image where 3-D is wanted -> bad_corpus_images::bad_file [4-D image]
    4-D label map where 3-D is wanted -> bad_corpus_images::bad_file [4-D label map]
    + 4-D of one volume, taken as 3-D -> bad_corpus_images::odd_but_sound [one volume stored in 4-D]
    5-D image -> bad_corpus_images::bad_file [5-D image]
    2-D image where 3-D is wanted -> bad_corpus_images::bad_file [2-D image]
    3-D where 4-D is wanted, or too few channels -> msd_brain::not_right [three channels]
    image without a voxel -> bad_corpus_images::bad_file [no voxels]
    spacing wanted that cannot be -> grid::impossible_spacing
    size of a crop that cannot be -> grid::crop_size

Intensities:
    NaN -> bad_corpus_images::bad_file [NaN]
    Inf -> bad_corpus_images::bad_file [Inf]
    NaN in one of several channels -> msd_brain::not_right [NaN in the last channel]
    number beyond 32 bits -> bad_corpus_images::bad_file [beyond 32 bits]
    number beyond 16 bits, stored so -> refusals::half_precision
    constant image -> bad_corpus_images::bad_file [constant image]
    all-zero image -> bad_corpus_images::bad_file [image of zeros]
    image of one voxel -> bad_corpus_images::bad_file [one voxel]
    image that its window or crop leaves constant -> bad_corpus_images::window_or_crop
    RGB volume -> bad_corpus_images::bad_file [RGB image]
    complex numbers -> bad_corpus_images::bad_file [complex image]
    grey photograph where 2-D RGB is wanted -> chase_db1::not_whole [grey]
    2-D RGB where one channel is wanted -> chase_db1::not_whole [coloured mask]
    photograph cut short -> chase_db1::not_whole [cut short]

Label maps:
    unknown ids -> bad_corpus_images::bad_file [unknown ids]
    ids of another release -> brats2019::release
    negative id -> bad_corpus_images::bad_file [negative id]
    image of whole numbers in its place -> bad_corpus_images::bad_file [CT in place of the label map]
    image of any numbers in its place -> bad_corpus_images::bad_file [MR in place of the label map]
    float labels that are no integers -> bad_corpus_images::bad_file [half labels]
    + float labels that are integers, taken -> bad_corpus_images::odd_but_sound [whole numbers stored as floats]
    NaN as a label -> bad_corpus_images::bad_file [label that is NaN]
    RGB label map -> bad_corpus_images::bad_file [RGB label map]
    complex label map -> bad_corpus_images::bad_file [complex label map]
    + label map in which nothing is labelled, kept as background -> bad_corpus_images::nothing_is_labelled

What belongs together:
    image without label -> bad_corpus_images::bad_file [image without label map]
    label without image -> bad_corpus_images::bad_file [label map without image]
    case of neither -> bad_corpus_images::case_of_nothing
    missing modality -> bad_corpus_images::missing_modality
    duplicate ids -> bad_corpus_images::bad_file [image in two formats]
    id with a space -> bad_corpus_images::no_name_for_a_file [space]
    id with another letter or sign -> bad_corpus_images::no_name_for_a_file [letter]
    id with a slash -> bad_corpus_images::lead_elsewhere [a/b]
    id that leads out of the folder -> bad_corpus_images::lead_elsewhere [../outside]
    dropped case that does not exist -> bad_corpus_images::unknown_case
    rater missing: two observers -> chase_db1::not_whole [one observer]
    rater missing: three annotations an instance -> kits2023::not_whole [annotation]
    rater missing: three annotations a case -> curvas::not_whole [annotation]
    rater on another grid -> curvas::not_whole [grid]
    rater missing: a grader who drew nothing -> oct_dme::cannot_be_used [grader 2 drew no complete]
    rater missing: nodules of fewer than four readings -> lidc::four_readings
    + rater missing where no number is fixed: shown in the table -> bad_corpus_images::missing_rater
    + empty rater: counts as one who saw nothing -> bad_corpus_images::empty_rater
    empty rater: outlines that enclose nothing -> lidc::encloses_nothing
    folder without a case -> refusals::empty_folder
    several bad cases: one error names them all -> refusals::all_bad_cases

DICOM, XML and MATLAB:
    slice missing -> dicom::no_even_stack [remove]
    two slices at one place -> dicom::no_even_stack [double]
    one slice -> dicom::no_even_stack [keep_one]
    uneven slices -> dicom::no_even_stack [shift]
    two series in a folder -> dicom::no_even_stack [mix]
    localiser among the slices -> dicom::no_even_stack [localise]
    slice cut short -> dicom::no_even_stack [cut_short]
    tilted gantry -> dicom::gantry
    DICOM-SEG with an extra segment -> prostatex_zones::other_segmentations [but holds 5]
    DICOM-SEG without a segment -> prostatex_zones::other_segmentations [but holds 3]
    DICOM-SEG on another grid -> prostatex_zones::other_segmentations [does not lie on the grid]
    DICOM-SEG of fractions -> prostatex_zones::other_segmentations [FRACTIONAL]
    DICOM-SEG cut short -> prostatex_zones::damaged_segmentation
    DICOM-SEG twice -> prostatex_zones::drawn_twice
    + XML of an unknown series, left out with the reason -> lidc::without_their_scan
    series without XML -> lidc::scan_without_annotations
    two XML files that differ about a series -> lidc::differ_about_one_series
    damaged XML -> lidc::damaged_annotations
    outline where no slice lies -> lidc::no_slice_lies
    damaged SQLite -> lidc::no_database
    MATLAB file of another version, or none -> oct_dme::told_apart
    MATLAB file without a variable -> oct_dme::cannot_be_used [lacks the variable]

Archives (the message names the file and the ways out; nothing of it is left in place):
    zip-slip -> bad_corpus_archives::bad_archive [zip-slip]
    absolute path in a zip -> bad_corpus_archives::bad_archive [zip with an absolute path]
    path of Windows in a zip -> bad_corpus_archives::bad_archive [zip with a path of Windows]
    drive in a zip -> bad_corpus_archives::bad_archive [zip with a drive]
    link in a zip -> bad_corpus_archives::bad_archive [zip with a link]
    device in a zip -> bad_corpus_archives::bad_archive [zip with a device]
    encrypted zip -> bad_corpus_archives::bad_archive [encrypted zip]
    entry that is there twice -> bad_corpus_archives::bad_archive [zip with an entry twice]
    file that is a folder, too -> bad_corpus_archives::bad_archive [zip with a file that is a folder]
    zip bomb: beyond 200 times its size and 1 GB -> bad_corpus_archives::bad_archive [zip bomb]
    + growth below 1 GB, unpacked -> bad_corpus_archives::small_archive
    bomb as 7z and tar.gz -> archives::fill_a_disk
    bomb in an archive in an archive -> archives::share_what
    zip that lies about its size -> bad_corpus_archives::bad_archive [zip that is larger than it says]
    truncated zip -> bad_corpus_archives::bad_archive [zip cut in the middle]
    zip with a flipped byte -> bad_corpus_archives::bad_archive [zip with a flipped byte]
    tar slip -> bad_corpus_archives::bad_archive [tar slip]
    absolute path in a tar -> bad_corpus_archives::bad_archive [tar with an absolute path]
    symbolic link in a tar -> bad_corpus_archives::bad_archive [tar with a symbolic link]
    hard link in a tar -> bad_corpus_archives::bad_archive [tar with a hard link]
    device in a tar -> bad_corpus_archives::bad_archive [tar with a device]
    pipe in a tar -> bad_corpus_archives::bad_archive [tar with a pipe]
    tar cut between two entries -> bad_corpus_archives::bad_archive [tar cut between entries]
    tar with a flipped byte -> bad_corpus_archives::bad_archive [tar with a flipped byte in its header]
    truncated tar.gz -> bad_corpus_archives::bad_archive [tar.gz cut in the middle]
    tar.gz with a flipped byte -> bad_corpus_archives::bad_archive [tar.gz with a flipped byte]
    tar.gz that lacks its checksum -> bad_corpus_archives::bad_archive [tar.gz without its last bytes]
    tar.gz whose checksum is of other bytes -> bad_corpus_archives::bad_archive [tar.gz with another checksum]
    tar.bz2 with a flipped byte -> bad_corpus_archives::bad_archive [tar.bz2 with a flipped byte]
    download of no bytes -> bad_corpus_archives::bad_archive [empty download]
    truncated tar.xz -> bad_corpus_archives::bad_archive [tar.xz cut in the middle]
    damaged, encrypted or slipping 7z -> archives::damaged_sevenzip
    RAR -> bad_corpus_archives::bad_archive [RAR]
    compressed file that is no archive -> bad_corpus_archives::bad_archive [one compressed file]
    name that is too long -> bad_corpus_archives::bad_archive [name too long for a disk]
    wrong hash -> bad_corpus_archives::other_checksum [sha256]
    other hash than that of the first download -> checksums::other_file
    LFS pointer, HTML page or JSON in its place -> bad_corpus_archives::bad_archive [HTML page]
    sound archive of something else -> bad_corpus_archives::without_cases
    two archives with one file -> many_files::same_file

Servers:
    404 -> bad_corpus_servers::does_not_give [gone]
    403 -> bad_corpus_servers::does_not_give [forbidden]
    401 -> bad_corpus_servers::does_not_give [no login]
    500 for ever -> bad_corpus_servers::does_not_give [broken for ever]
    503 for ever -> bad_corpus_servers::does_not_give [busy for ever]
    + 500 once, asked again -> bad_corpus_servers::stumbles [broken once]
    + 429 and Retry-After, waited for -> download::server_asks_for
    cut in the middle each time -> bad_corpus_servers::does_not_give [cut for ever]
    + cut in the middle, resumed -> bad_corpus_servers::stumbles [cut three times]
    + no support of ranges, begun afresh -> bad_corpus_servers::stumbles [cut, and has no ranges]
    + slow, waited for -> bad_corpus_servers::stumbles [slow]
    silent -> bad_corpus_servers::falls_silent
    length that is too large -> bad_corpus_servers::does_not_give [says more than comes]
    length that is too small -> many_files::came_damaged
    length that is negative -> bad_corpus_servers::makes_no_sense [a negative length]
    + no length, taken to its end -> bad_corpus_servers::stumbles [tells no length]
    length that is no number -> bad_corpus_servers::makes_no_sense [letters for a length]
    range that is no number -> bad_corpus_servers::makes_no_sense [a range that is none]
    part that nobody asked for -> bad_corpus_servers::makes_no_sense [a part that nobody asked for]
    chunks that break off -> bad_corpus_servers::makes_no_sense [part of chunks]
    no HTTP -> bad_corpus_servers::makes_no_sense [no HTTP]
    no answer -> bad_corpus_servers::makes_no_sense [nothing]
    redirect to itself -> bad_corpus_servers::does_not_give [redirects to itself]
    redirect to a file of this machine -> bad_corpus_servers::does_not_give [redirects to a file]
    nobody listening -> download::nobody_listening
    + file that changed between two attempts, begun afresh -> download::not_glued_together
    list of series that is none -> tcia::no_list
    series with too few images -> tcia::too_few_images

Disks and permissions:
    disk too small for what is to come -> many_files::disk_is_looked_at
    disk full during the download -> bad_corpus_disk::download_beyond_the_quota
    disk full during preparation -> bad_corpus_disk::full_disk
    quota reached during preparation -> bad_corpus_disk::quota_stops
    image that may not be read -> bad_corpus_disk::may_not_be_read [imagesTr]
    label map that may not be read -> bad_corpus_disk::may_not_be_read [labelsTr]
    folder that may not be listed -> bad_corpus_disk::may_not_be_listed
    dataset that may not be written -> bad_corpus_disk::dataset_that_may_not
    downloads that may not be written -> bad_corpus_disk::place_of_downloads
    array of a prepared dataset that is damaged -> prepare::damaged_array
    killed at any moment -> kills::twenty_kills

Splits:
    case in two parts -> bad_corpus_splits::bad_split [case in two parts]
    case twice -> bad_corpus_splits::bad_split [case twice in a part]
    patient in two parts -> bad_corpus_splits::bad_split [patient in two parts]
    same image in two parts -> bad_corpus_splits::does_not_fit [same image in two parts]
    case that the dataset lacks -> bad_corpus_splits::does_not_fit [missing case]
    split of another dataset -> bad_corpus_splits::does_not_fit [split of another dataset]
    other patient than the dataset knows -> bad_corpus_splits::does_not_fit [other patient]
    unknown part -> bad_corpus_splits::bad_split [unknown part]
    empty cell -> bad_corpus_splits::bad_split [no patient]
    space around a name -> bad_corpus_splits::bad_split [case with a space]
    part that nobody is in -> bad_corpus_splits::bad_split [part that nobody is in]
    line cut short -> bad_corpus_splits::bad_split [line cut short]
    other columns or separators -> bad_corpus_splits::bad_split [semicolons]
    other encoding -> bad_corpus_splits::bad_split [UTF-16]
    no file -> bad_corpus_splits::no_file
    + line ends of Windows, and its mark of UTF-8 -> bad_corpus_splits::other_programs
    too few patients for a rule -> bad_corpus_splits::too_few_patients
    cases that changed under a derived split -> bad_corpus_splits::other_cases_than_at_first
"""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
LINES = [line.strip() for line in (__doc__ or "").splitlines() if " -> " in line and line.startswith("    ")]


def test_corpus_has_at_least_sixty_cases_that_differ() -> None:
    assert len(LINES) >= 60
    assert len({line.split(" -> ")[1] for line in LINES}) == len(LINES)


@pytest.mark.parametrize("line", LINES)
def test_case_has_its_test(line: str) -> None:
    found = re.fullmatch(r"(?:\+ )?.+ -> (\w+)::(\w+)(?: \[(.+)\])?", line)
    assert found, line
    (file,) = FOLDER.rglob(f"test_{found[1]}.py")
    text = file.read_text(encoding="utf-8")
    assert re.search(rf"^def test_\w*{found[2]}\w*\(", text, re.MULTILINE), f"no test like {found[2]}"
    assert found[3] is None or found[3] in text, f"no parameter {found[3]}"
