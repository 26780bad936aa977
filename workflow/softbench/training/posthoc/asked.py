"""What `posthoc` of an experiment may ask for: each calibration and decoder is a file of that name in this room."""

VERSION = None  # names alone
CALIBRATIONS = ("raw", "temperature", "class_temperature", "local_temperature", "isotonic")
DECODERS = ("argmax", "threshold", "rankseg")
ALLOWED = {  # `posthoc` of an experiment
    "calibrations": {
        "type": "array",
        "items": {"constant": "training/posthoc/asked.py:CALIBRATIONS"},
        "minItems": 1,
        "uniqueItems": True,
        "description": "of the probabilities, each fitted on validation cases for every run",
    },
    "decoders": {
        "type": "array",
        "items": {"constant": "training/posthoc/asked.py:DECODERS"},
        "minItems": 1,
        "uniqueItems": True,
        "description": "how label maps are made from the calibrated probabilities",
    },
}
