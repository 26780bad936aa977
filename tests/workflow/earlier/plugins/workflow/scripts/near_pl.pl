# near_pl: a share of each voxel's certainty goes to what its six neighbours are.
# Called as: perl near_pl.pl IN OUT share=0.3
# IN:  cases.csv (first columns case,classes), <case>.labels.nii (uint8: x, y, z), <case>.image.nii (float32: x, y, z, channel)
# OUT: <case>.nii, float32 (x, y, z, class), which sum to 1 over classes
use strict;
use warnings;

my ($in, $out, @words) = @ARGV;
my %set = map { split /=/, $_, 2 } @words;
my $share = $set{share};

open my $list, "<", "$in/cases.csv" or die "$in/cases.csv: $!\n";
my @rows = <$list>;
shift @rows;
for my $row (@rows) {
    my ($case, $classes) = split /,/, $row;
    my ($header, $labels) = read_nifti("$in/$case.labels.nii");
    my ($nx, $ny, $nz) = unpack "x42 s3", $header;
    my @labels = unpack "C*", $labels;
    my $count = $nx * $ny * $nz;
    my @soft = (0) x ($count * $classes);
    for my $z (0 .. $nz - 1) { for my $y (0 .. $ny - 1) { for my $x (0 .. $nx - 1) {
        my $here = $x + $nx * ($y + $ny * $z);
        my @near;
        push @near, $here - 1 if $x > 0;
        push @near, $here + 1 if $x < $nx - 1;
        push @near, $here - $nx if $y > 0;
        push @near, $here + $nx if $y < $ny - 1;
        push @near, $here - $nx * $ny if $z > 0;
        push @near, $here + $nx * $ny if $z < $nz - 1;
        @near = ($here) unless @near;
        $soft[$labels[$here] * $count + $here] += 1 - $share;
        $soft[$labels[$_] * $count + $here] += $share / @near for @near;
    } } }
    write_nifti("$out/$case.nii", $header, $nx, $ny, $nz, $classes, \@soft);
}

# The header is 352 bytes; the shape stands at byte 40, the type at 70.
sub read_nifti {
    my ($path) = @_;
    open my $file, "<:raw", $path or die "$path: $!\n";
    read $file, my $header, 352;
    local $/;
    return ($header, scalar <$file>);
}

sub write_nifti {
    my ($path, $header, @rest) = @_;
    my $soft = pop @rest;
    substr $header, 40, 16, pack "s8", 4, @rest, 1, 1, 1;
    substr $header, 70, 4, pack "s2", 16, 32;    # float32
    open my $file, ">:raw", $path or die "$path: $!\n";
    print $file $header, pack "f*", @$soft;
    close $file or die "$path: $!\n";
}
