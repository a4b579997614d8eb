"""What every code means: cause, evidence and cure, for `contrafact explain CODE`."""

from __future__ import annotations

from dataclasses import dataclass

from contrafact.base.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Code:
    """One code.

    Arguments:
        code: Its name: E for errors, D for the training doctor, L for looking at data.
        title: What happened.
        cause: Why it happens.
        evidence: What was measured or seen.
        cure: What helps.
    """

    code: str
    title: str
    cause: str
    evidence: str
    cure: str


_ROWS = (
    (
        "E001",
        "A fault of contrafact",
        "Something that the program does not expect.",
        "The traceback shown with -v.",
        "Report it with that traceback; files saved before are intact.",
    ),
    (
        "E100",
        "The command cannot be read",
        "A verb, an option or a value is unknown or missing.",
        "The word that was not understood.",
        "Look at contrafact --help or contrafact VERB --help.",
    ),
    (
        "E101",
        "Unknown setting",
        "The method has no setting of this name.",
        "The nearest names are given.",
        "contrafact zoo METHOD lists its settings.",
    ),
    (
        "E102",
        "A setting cannot hold this value",
        "The value has the wrong type or lies outside the allowed range.",
        "What is allowed is said.",
        "contrafact zoo METHOD lists types and defaults.",
    ),
    (
        "E103",
        "Unknown method",
        "The index of methods has no such name.",
        "The nearest names are given.",
        "contrafact zoo lists all methods.",
    ),
    (
        "E104",
        "A bad number of items",
        "Fewer than zero items were asked for.",
        "The number.",
        "Ask for 0 or more with -n.",
    ),
    (
        "E105",
        "Unknown name in a condition",
        "The model knows no column or condition of this name.",
        "The nearest names are given.",
        "Use a name that the data had when the model was fitted.",
    ),
    (
        "E106",
        "The budget is no time",
        "A budget is a number and a unit.",
        "What was typed.",
        "Write 90s, 10m, 2h or 1d.",
    ),
    (
        "E107",
        "The device cannot be used",
        "It is not there, or torch was built without it.",
        "What torch said.",
        "contrafact doctor shows what there is; leave --device out to use the CPU.",
    ),
    (
        "E108",
        "Unknown demo set",
        "No demo set has this name.",
        "The nearest names are given.",
        "Try ring, grid, swiss-roll, digits, patients, tones or changes.",
    ),
    (
        "E109",
        "The model takes no conditions",
        "It was trained without any.",
        "The conditions asked for.",
        "Sample without --given, or fit a method that takes conditions.",
    ),
    (
        "E110",
        "No critic",
        "The method has none, or it was left out when the model was saved.",
        "The model's files.",
        "Use the run's folder, which keeps the critic, or save with with_critic=True.",
    ),
    (
        "E111",
        "A part is not installed",
        "The file or the job needs an extra.",
        "The name of the extra.",
        "pip install with that extra.",
    ),
    (
        "E112",
        "No such file or demo set",
        "The word is neither a path that exists nor the name of a demo set.",
        "The nearest demo sets.",
        "Check the path; quote names with blanks.",
    ),
    (
        "E113",
        "The data are of another kind",
        "--kind asks for a kind that the file does not hold.",
        "The kind that was found.",
        "Leave --kind out.",
    ),
    (
        "E114",
        "A condition cannot hold this value",
        "The column never had it, or holds numbers only.",
        "What the column was.",
        "Give another value, or leave the column out.",
    ),
    (
        "E115",
        "No such column",
        "The table has no column of this name.",
        "The nearest names are given.",
        "contrafact look FILE lists the columns.",
    ),
    (
        "E116",
        "A bar cannot be read",
        "--require is a list of NAME>=NUMBER, separated by commas.",
        "The part that was not understood.",
        "--require 'c2st>=.9,coverage>.8'",
    ),
    (
        "E117",
        "No such run",
        "No folder and no run in runs/ has this name.",
        "The nearest names.",
        "contrafact runs lists them.",
    ),
    (
        "E118",
        "The method does not learn from this kind of data",
        "Each method reads certain kinds.",
        "The kinds that it reads.",
        "contrafact zoo shows who reads what.",
    ),
    ("E119", "Not a setting", "--set takes KEY=VALUE.", "The word.", "--set steps=500"),
    (
        "E120",
        "A required bar does not hold",
        "A score of judge misses the bar given with --require.",
        "The score and the bar.",
        "Improve the generator, or lower the bar knowingly.",
    ),
    (
        "E121",
        "Items cannot be written to such a file",
        "The ending of the file does not fit the kind of data.",
        "The kinds and endings.",
        ".npy for vectors, .csv for tables, a folder, .zip, .png or .npy for pictures, .txt for text.",
    ),
    ("E122", "Unknown code", "No message has this code.", "The nearest codes.", "contrafact explain lists them all."),
    (
        "E123",
        "A class is needed",
        "The model was told each picture's class, so that its latent rows hold only the rest.",
        "The first of its classes, as an example.",
        'Name it: decode(latent, given={"class": NAME}).',
    ),
    (
        "E125",
        "Noise cannot be moved like this",
        "An edit names no direction of this model, or it or the truncation is no number.",
        "The nearest names.",
        "contrafact sample RUN --edits lists the directions; --edit slant=1.5 goes along one.",
    ),
    (
        "E126",
        "The model lacks this ability",
        "Edits, truncation and export need a network that turns noise into items.",
        "The method.",
        "Use an adversarial method, such as r3gan; contrafact zoo lists abilities.",
    ),
    (
        "E127",
        "The exported generator draws something else",
        "Both draw from the same noise; rounding explains a ten-thousandth of the range at most.",
        "The largest difference.",
        "Report it with the versions that contrafact doctor prints; sample with the model itself meanwhile.",
    ),
    (
        "E201",
        "Nothing to learn from",
        "There are no rows or no columns, or the file is empty.",
        "How many were found.",
        "Give data with at least one row and one column.",
    ),
    (
        "E202",
        "The file cannot be read",
        "It is cut short, or not of the kind that its name says.",
        "What the reader said.",
        "Write it again, or convert it.",
    ),
    (
        "E203",
        "Text where numbers are needed",
        "A cell of a column of numbers holds text, or a whole column does.",
        "The first such cell.",
        "Mend the cell, or drop the column.",
    ),
    (
        "E204",
        "Missing or infinite cells",
        "The method needs complete, finite numbers.",
        "The first such cell and how many there are.",
        "Fill or drop those rows first.",
    ),
    (
        "E205",
        "Other columns than expected",
        "A model or a comparison needs the same columns, in the same order.",
        "The columns of both.",
        "Give data with the same columns.",
    ),
    (
        "E206",
        "Too few rows",
        "The method needs more rows than there are.",
        "The number of rows.",
        "Give more rows, or ask for a smaller model.",
    ),
    (
        "E207",
        "An unknown symbol",
        "The text holds a symbol that was not there when the model was fitted.",
        "The symbol.",
        "Fit again with text that has it, or remove it.",
    ),
    (
        "E208",
        "Not UTF-8 text",
        "The file was saved in another encoding.",
        "The first byte that is no UTF-8.",
        "Convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv",
    ),
    (
        "E209",
        "A kind of file that is not read",
        "Its ending is unknown, or it is a folder.",
        "The endings that are read.",
        "Convert it to one of these.",
    ),
    (
        "E210",
        "No method for this kind of data",
        "No method of this version learns from it.",
        "The kind of data.",
        "contrafact zoo shows who reads what.",
    ),
    (
        "E211",
        "Neither 0 nor 1",
        "A method for columns of zeros and ones met another number.",
        "The first such cell.",
        "Set a threshold: --set threshold=0.5",
    ),
    (
        "E212",
        "Classes are needed",
        "The method learns from the classes of pictures, and there are fewer than two.",
        "How many there are.",
        "Give labelled pictures, a folder for each class, or choose a method that does without.",
    ),
    (
        "E213",
        "No pictures",
        "Pictures are arrays N x high x wide, or N x high x wide x channels, of 8 or 16 bit and of one size.",
        "What was given.",
        "Give such an array, or read a folder of pictures.",
    ),
    (
        "E214",
        "Too many classes or words",
        "A class or a word is learned from many pictures, not from one.",
        "How many there are.",
        "Give fewer classes, shorter captions, or train without: --set conditional=no",
    ),
    (
        "E221",
        "Nothing to score",
        "A score needs at least one item on each side.",
        "Which side is empty.",
        "Give more items.",
    ),
    (
        "E222",
        "Missing or infinite cells in a score",
        "Distances need finite numbers.",
        "The first such cell.",
        "Fill or drop such cells first.",
    ),
    (
        "E223",
        "Rows of different width",
        "Only rows of the same columns can be compared.",
        "Both widths.",
        "Give both the same columns, in the same order.",
    ),
    (
        "E224",
        "Features that cannot be used",
        "They have no name, know no classes where chances are asked for, or do not give one row for each picture.",
        "What they gave.",
        "named_features(callable, name='my-features'); the callable turns N pictures into N rows.",
    ),
    (
        "E225",
        "Chances that are none",
        "Each row holds the chances of all classes: none below 0, and their sum is 1.",
        "The shape.",
        "Give the output of a softmax.",
    ),
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
    (
        "D201",
        "Numbers became infinite or not a number",
        "Too high a learning rate, or a penalty that is too strong.",
        "The names of the numbers that are not finite.",
        "The training goes back to the last good state and halves the rates, three times at most; then it stops.",
    ),
    (
        "D202",
        "A gradient exploded",
        "Too high a learning rate, often with no gradient penalty.",
        "The gradient against its usual size.",
        "The training goes back to the last good state and halves the rates, three times at most; then it stops.",
    ),
    (
        "D210",
        "Too little variety (mode collapse)",
        "The generator fools the critic with a few kinds of items, and the critic forgets the others.",
        "The share of regions of held-out data that get fakes, the spread of fakes, coverage over time.",
        "Use r3gan; or add r1 and r2, or instance noise; contrafact compare shows what each does.",
    ),
    (
        "D211",
        "The critic is too strong",
        "It tells nearly every fake from a real row, so that its opinion teaches little.",
        "The share of pairs that it ranks right, and a held-out score under .4.",
        "Add r1 or instance noise, lower the rate, or make fewer critic steps.",
    ),
    (
        "D212",
        "The generator's gradient has vanished",
        "With the minimax loss a sure critic gives no slope to follow.",
        "The gradient against the largest so far, and the critic's wins.",
        "Use the non-saturating or the relativistic loss, or instance noise.",
    ),
    (
        "D220",
        "A plateau",
        "The model has learned what it can with these settings.",
        "The held-out score over the last checks and its noise.",
        "Stop. Where the number of steps was left open, the training stops by itself.",
    ),
    (
        "L101",
        "Holes",
        "Cells are missing.",
        "The share of missing cells.",
        "Fill them, or use a method that reads holes.",
    ),
    (
        "L102",
        "A column that never varies",
        "One value only.",
        "The column.",
        "Nothing: it is repeated as it is. Or drop it.",
    ),
    (
        "L103",
        "Exact copies",
        "Rows were stored twice, or are naturally equal.",
        "How many.",
        "Drop them, so that training and held-out rows do not share any.",
    ),
    (
        "L104",
        "Infinite or missing numbers",
        "Division by zero, overflow, sensor codes.",
        "How many.",
        "Replace them before training.",
    ),
    (
        "L105",
        "Numbers with text among them",
        "Units, marks for missing values, typing errors.",
        "The share of cells that are numbers.",
        "Mend the text cells.",
    ),
    (
        "L106",
        "A rare class",
        "The classes are far from equal.",
        "The rarest class and its share.",
        "Judge by class; balance before training a classifier.",
    ),
    (
        "L201",
        "A picture that cannot be used",
        "The file is empty, cut short, locked, or not what its name says.",
        "What the decoder or the system said.",
        "It was skipped; get the file again.",
    ),
    (
        "L202",
        "A picture that is too large",
        "More than 16 megapixels, or more bytes than one file of a zip may unpack to: it may be a bomb.",
        "The size that its header claims.",
        "It was skipped before it was unpacked; scale it down.",
    ),
    (
        "L203",
        "A picture that is too small",
        "Less than 4 pixels on a side.",
        "Its size.",
        "It was skipped.",
    ),
    (
        "L204",
        "The same picture again",
        "A file was copied: every pixel is equal.",
        "The name of the first one.",
        "It was skipped, so that training and held-out pictures share none.",
    ),
    (
        "L205",
        "One picture under two labels",
        "Every pixel is equal, and the labels differ.",
        "Both labels.",
        "The first was kept; look which is right.",
    ),
    (
        "L206",
        "Files that were passed over",
        "They are no pictures, or another part of the data.",
        "Their names.",
        "Nothing; or name the file to read it.",
    ),
    (
        "L207",
        "Labels and pictures that do not meet",
        "The table names files that are not there, or pictures have no label.",
        "Their names.",
        "Mend the table of labels.",
    ),
    (
        "L208",
        "Pictures that were converted",
        "They are stored with a palette, 1 bit, for print, or otherwise than grey or colour.",
        "How they are stored.",
        "Nothing; convert them yourself if it matters how.",
    ),
    (
        "L209",
        "Grey, colour and alpha are mixed",
        "A model needs the same channels in every picture.",
        "How many pictures changed.",
        "Convert them yourself if it matters how.",
    ),
    (
        "L210",
        "Pictures that were turned",
        "A camera notes in EXIF how it was held.",
        "How many.",
        "Nothing.",
    ),
    (
        "L211",
        "Depths are mixed",
        "Some pictures have 16 bits or wider numbers, so that all became 16 bits.",
        "The range that was stretched to 16 bits.",
        "Convert them yourself if it matters how.",
    ),
    (
        "L212",
        "Sizes are mixed",
        "A model needs one size.",
        "The sizes, and the one that was chosen.",
        "Cut or scale them yourself if the edges matter.",
    ),
    (
        "L213",
        "Few pictures",
        "Less than 8.",
        "How many.",
        "Add more; a generator of so few learns them by heart.",
    ),
    (
        "L214",
        "Kept on the disk",
        "The pictures are too many for the memory.",
        "Their size.",
        "Nothing; the temporary file vanishes at the end. TMPDIR says where it lies.",
    ),
    (
        "L215",
        "Pictures and masks that do not pair",
        "A name or a size is not that of the partner.",
        "Both.",
        "Give mask and picture the same name and size.",
    ),
    (
        "L221",
        "Little variety",
        "The pictures share nearly all of their layout.",
        "Their distance against that with shuffled pixels.",
        "A generator repeats one scene; add others if that is not what you want.",
    ),
    (
        "L222",
        "Pictures nearly the same",
        "Frames of one film, copies in another format, a burst of shots.",
        "The closest pairs and their distance.",
        "Keep one of each, so that training and held-out pictures share none.",
    ),
    (
        "L223",
        "Pictures of one value",
        "Empty shots, or masks of nothing.",
        "Their numbers.",
        "Drop those that show nothing.",
    ),
    (
        "L224",
        "Pictures nearly black or white",
        "Wrong exposure, or empty shots.",
        "Their numbers.",
        "Drop those that show nothing.",
    ),
    (
        "L225",
        "Colour that is none",
        "Grey pictures were saved in colour.",
        "All channels are equal.",
        "Convert them to grey: a third of the numbers to learn.",
    ),
)

CODES: dict[str, Code] = {row[0]: Code(*row) for row in _ROWS}


def find(code: str) -> Code:
    """Find what a code means.

    Raises:
        UsageError: There is no such code.
    """
    if code.upper() in CODES:
        return CODES[code.upper()]
    raise UsageError(
        f"There is no code '{code}'.", why=did_you_mean(code.upper(), CODES), fix="contrafact explain", code="E122"
    )
