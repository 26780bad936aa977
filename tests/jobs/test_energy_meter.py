"""Counters of the hardware are read as energy: those that wrap, those that may not be read, those of a GPU."""

import ctypes
import gc
import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
import torch
from softbench.jobs import provenance

FAKE = """
#include <string.h>
static int begun = 0;
static unsigned long long used = 5000000;
int nvmlInit_v2(void) { begun = 1; return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned int length) { strncpy(text, "580.65.06", length); return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    if (!begun || strcmp(uuid, "GPU-right")) return 6;
    *device = &used; return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj) {
    *mj = *(unsigned long long *)device; used += 1500; return 0;
}
"""


def zone(powercap: Path, name: str, label: str, used_uj: int, range_uj: int = 1_000_000) -> Path:
    folder = powercap / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{label}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    (folder / "energy_uj").write_text(f"{used_uj}\n")
    return folder / "energy_uj"


def test_packages_are_added_and_their_parts_are_not(tmp_path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 100_000)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 0)
    core, all_ = zone(tmp_path, "intel-rapl:0:0", "core", 0), zone(tmp_path, "intel-rapl:2", "psys", 0)
    meter = provenance.Meter("cpu", tmp_path)
    for counter, value in ((first, 600_000), (second, 250_000), (core, 400_000), (all_, 900_000)):
        counter.write_text(str(value))
    assert meter.joules() == {"cpu_packages": 0.5 + 0.25}


def test_counter_that_starts_again_goes_on(tmp_path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 900_000)
    meter = provenance.Meter("cpu", tmp_path)
    for value in (100_000, 700_000, 300_000):  # 0.2, then 0.6, then 0.6 J: it starts again after 1 J
        counter.write_text(str(value))
        meter.sample()
    assert meter.joules() == {"cpu_packages": pytest.approx(1.4)}


def test_counter_is_read_while_nobody_asks_and_no_longer_than_it_is_held(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(provenance, "SAMPLE_S", 0.01)
    read = threading.Event()
    sample = provenance.Meter.sample
    monkeypatch.setattr(provenance.Meter, "sample", lambda meter: (sample(meter), read.set())[0])
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    before = set(threading.enumerate())
    meter = provenance.Meter("cpu", tmp_path)
    started = set(threading.enumerate()) - before
    assert read.wait(30)
    del meter
    gc.collect()
    for thread in started:
        thread.join(30)
        assert not thread.is_alive()


def test_counter_that_may_not_be_read_is_left_out(tmp_path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    counter = zone(tmp_path, "intel-rapl:1", "package-1", 0)
    counter.unlink()
    counter.mkdir()  # reading it raises, for root too
    assert provenance.Meter("cpu", tmp_path).joules() == {}


def test_counter_that_is_lost_on_the_way_is_left_out(tmp_path) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    meter = provenance.Meter("cpu", tmp_path)
    counter.unlink()
    assert meter.joules() == {}


def test_machine_without_counters_measures_nothing(tmp_path) -> None:
    assert provenance.Meter("cpu", tmp_path / "none").joules() == {}


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> str:
    """A library with the functions of NVML: a GPU that has used 5000 J, and 1.5 J more at each look."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "fake.c").write_text(FAKE)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "fake.so", folder / "fake.c"], check=True)
    return str(folder / "fake.so")


def test_gpu_is_asked_by_its_name(library) -> None:
    nvml = provenance.nvml(lambda _: ctypes.CDLL(library))
    assert nvml.driver() == "580.65.06"
    assert nvml.energy_j("GPU-other") is None
    first, second = nvml.energy_j("GPU-right"), nvml.energy_j("GPU-right")
    assert first >= 5000
    assert second - first == 1.5


class Library:
    """NVML in Python, with a counter or without one."""

    def __init__(self, start: int = 0, counts: int = 0) -> None:
        self.start, self.counts, self.used = start, counts, iter((2_000_000, 2_034_500))

    def nvmlInit_v2(self) -> int:  # noqa: N802
        return self.start

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle) -> int:  # noqa: N802
        return 0 if uuid == b"GPU-right" else 6

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, used) -> int:  # noqa: N802
        used._obj.value = 0 if self.counts else next(self.used)
        return self.counts


@pytest.fixture
def gpu(monkeypatch):
    """Stand in for a GPU of torch, and for its NVML."""

    def of(library) -> None:
        monkeypatch.setattr(provenance, "nvml", lambda: provenance.Nvml(library))
        monkeypatch.setattr(provenance, "_uuid", lambda device: "GPU-right")

    return of


def test_gpu_counts_from_the_start(gpu, tmp_path) -> None:
    gpu(Library())
    assert provenance.Meter(torch.device("cuda"), tmp_path).joules() == {"gpu": 34.5}  # 34 500 mJ


def test_gpu_that_does_not_count_is_left_out(gpu, tmp_path) -> None:
    gpu(Library(counts=3))  # NVML_ERROR_NOT_SUPPORTED
    assert provenance.Meter("cuda:0", tmp_path).joules() == {}


def test_machine_without_a_driver_has_no_nvml() -> None:
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    assert provenance.nvml(missing) is None
    assert provenance.nvml(lambda name: Library(start=9)) is None  # NVML_ERROR_DRIVER_NOT_LOADED
    assert provenance.nvml(lambda name: object()) is None  # a library without these functions


def test_provenance_holds_the_energy_and_says_what_it_counts(tmp_path) -> None:
    counter = zone(tmp_path / "cap", "intel-rapl:0", "package-0", 0)
    watch = provenance.Watch("cpu", tmp_path / "cap")
    counter.write_text("250000")
    watch.write(tmp_path / "provenance.json")
    facts = json.loads((tmp_path / "provenance.json").read_text())
    assert facts["energy_j"] == {"cpu_packages": 0.25}
    assert "other programs" in facts["energy_note"]
    assert "peak_device_memory_mib" not in facts


def test_provenance_says_that_nothing_was_measured(tmp_path) -> None:
    provenance.Watch("cpu", tmp_path / "none").write(tmp_path / "provenance.json")
    facts = json.loads((tmp_path / "provenance.json").read_text())
    assert facts["energy_j"] == "not measured"
    assert "energy_note" not in facts


def test_provenance_of_a_gpu_holds_its_peak_since_the_watch_began(tmp_path, gpu, monkeypatch) -> None:
    gpu(Library())
    peak = {"bytes": 9 * 2**30}
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: peak.update(bytes=0))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peak["bytes"])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card")
    watch = provenance.Watch(torch.device("cuda"), tmp_path)
    peak["bytes"] += 3 * 2**20
    watch.write(tmp_path / "provenance.json")
    facts = json.loads((tmp_path / "provenance.json").read_text())
    assert facts["peak_device_memory_mib"] == 3.0
    assert facts["energy_j"] == {"gpu": 34.5}
    assert facts["device"] == "Card"
