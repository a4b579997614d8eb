"""Files, folders, runs and the machine."""

from __future__ import annotations

ROWS = (
    (
        "E301",
        "The disk is full",
        "There was no space for a file.",
        "The path.",
        "Free some space and run the same command again; older checkpoints are intact.",
    ),
    (
        "E302",
        "The folder cannot be written",
        "Permissions, a read-only disk, or a file is in the way.",
        "What the system said.",
        "Choose another folder with --run-dir or -o.",
    ),
    (
        "E303",
        "A file could not be written",
        "The disk reported an error.",
        "What the system said.",
        "Check the disk and run the same command again.",
    ),
    (
        "E304",
        "The folder is in use",
        "Another process trains in it.",
        "Its process number and host.",
        "Wait for it, or give another --run-dir.",
    ),
    (
        "E305",
        "Stopped as asked",
        "Ctrl-C or SIGTERM came.",
        "The step.",
        "Run the same command again to go on where it stopped.",
    ),
    (
        "E306",
        "Not enough memory",
        "Data or networks do not fit.",
        "",
        "Use fewer rows, a smaller batch or width; contrafact plan shows the need.",
    ),
    (
        "E311",
        "A damaged file",
        "Bytes differ from the digest that was written with them: a bad disk, a cut copy, or another run's file.",
        "The file's name.",
        "Running the same command again uses the newest checkpoint that is whole.",
    ),
    (
        "E312",
        "No model in this folder",
        "The files of a model are not there.",
        "The folder.",
        "Give a folder that save or a run wrote.",
    ),
    (
        "E313",
        "Written by a newer version",
        "The format is newer than this program.",
        "Both format numbers.",
        "pip install --upgrade contrafact",
    ),
    (
        "E314",
        "The run has no model yet",
        "It ended before its first checkpoint.",
        "The folder.",
        "Run its command again; redo.txt holds it.",
    ),
    (
        "E315",
        "The folder holds other files",
        "Writing there would replace files that this program did not write.",
        "Their names.",
        "Give a folder that is new or empty.",
    ),
    (
        "E316",
        "Weights that cannot be used",
        "The file is a pickle, which is never read, or holds the weights of another network.",
        "The first difference.",
        "Convert a pickle that you trust to safetensors, as the message says.",
    ),
    (
        "E317",
        "A file could not be fetched",
        "The address is not https, the network failed, or another file came than the digest names.",
        "Both digests, or what the network said.",
        "Check address and digest, or bring the file yourself and give its path.",
    ),
    (
        "E401",
        "A move does nothing",
        "No loss term depends on the weights of the player that moves.",
        "The names of the terms.",
        "Return a term that is computed from this player's weights and is not detached.",
    ),
)
