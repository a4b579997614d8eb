"""Text in files: any script, tabs, folders and tables; and what looking at it finds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError
from contrafact.tasks.look import look
from contrafact.tasks.sample import write


def put(folder, name: str, content: str | bytes):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "line", ["family 👨‍👩‍👧 🇨🇭", "سلام دنیا", "שלום עולם", "春眠不覺曉", "a\u2028b\x0cc", "x" * 10**6]
)
def test_lines_of_any_script_come_through_a_chain_and_back(tmp_path, line) -> None:
    data = contrafact.read(put(tmp_path, "t.txt", "\ufeff" + f"{line}\r\n\r\n{line}\n"))
    assert data.items == [line, line]
    made = contrafact.zoo.Markov(longest=40).fit(data).sample(3, seed=0)
    assert isinstance(made, Data) and all(isinstance(item, str) for item in made.items)
    assert look(data).headline == "2 lines of text"


def test_a_wrong_encoding_is_named_with_what_helps(tmp_path) -> None:
    for encoding, hint in (("latin-1", "WINDOWS-1252"), ("utf-16", "UTF-16")):
        with pytest.raises(DataError) as caught:
            contrafact.read(put(tmp_path, f"{encoding}.txt", "naïve café".encode(encoding)))
        assert caught.value.code == "E208" and hint in caught.value.fix


def test_one_tab_in_every_line_makes_pairs_and_few_words_before_it_classes(tmp_path) -> None:
    pairs = contrafact.read(put(tmp_path, "p.txt", "3 May\t05-03\n1 June\t06-01\n"))
    assert isinstance(pairs, Pairs) and pairs.kind == "text pairs" and pairs.target.items == ["05-03", "06-01"]
    assert contrafact.read(tmp_path / "p.txt", "text").items[0] == "3 May\t05-03"
    path = put(tmp_path, "c.txt", "ham\thello there\nspam\tbuy now\n" * 4)
    classed = contrafact.read(path)
    assert classed.labels.tolist() == ["ham", "spam"] * 4 and classed.notes[0].code == "L251"
    assert isinstance(contrafact.read(path, "text pairs"), Pairs)
    assert isinstance(contrafact.read(put(tmp_path, "t.txt", "a\tb\tc\nd\te\n")), Data)


def test_a_line_that_is_no_pair_is_named(tmp_path) -> None:
    with pytest.raises(DataError, match=r"Line 2 .* 0 tabs") as caught:
        contrafact.read(put(tmp_path, "p.txt", "a\tb\nc d\n"), "text pairs")
    assert caught.value.code == "E633"


def test_a_folder_gives_classes_by_sub_folder_or_by_file(tmp_path) -> None:
    for name in ("good/1.txt", "good/2.txt", "bad/1.txt"):
        put(tmp_path, f"deep/{name}", f"a line of {name}\n")
    assert contrafact.read(tmp_path / "deep").labels.tolist() == ["bad", "good", "good"]
    for name in ("jazz", "rock"):
        put(tmp_path, f"flat/{name}.txt", f"{name} one\n{name} two\n")
    put(tmp_path, "flat/empty.txt", "")
    flat = contrafact.read(tmp_path / "flat")
    assert flat.labels.tolist() == ["jazz", "jazz", "rock", "rock"] and "L254" in [note.code for note in flat.notes]


def test_a_table_gives_its_text_and_its_class_and_says_which(tmp_path) -> None:
    frame = pd.DataFrame({"id": range(8), "review": ["fine\nfilm", "bad"] * 3 + [None, " "], "stars": [5, 1] * 4})
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = contrafact.read(tmp_path / "t.csv", "text")
    assert data.items == ["fine film", "bad"] * 3 and data.labels.tolist() == [5, 1] * 3
    assert (
        "'review'" in data.notes[0].message and "'stars'" in data.notes[0].message and "2 rows" in data.notes[1].message
    )
    assert isinstance(contrafact.read(tmp_path / "t.csv"), pd.DataFrame)
    pd.DataFrame({"source": ["a"], "target": ["b"]}).to_csv(tmp_path / "p.csv", index=False)
    assert contrafact.read(tmp_path / "p.csv", "text pairs").source.items == ["a"]


def test_looking_finds_what_may_hurt() -> None:
    lines = ["one two three", "one two three", "cafÃ© is nice ", "zero\u200bwidth here now", "x " * 6000]
    seen = look(Data(kind="text", items=lines, labels=np.array([1, 1, 2, 1, 1])))
    assert {"L103", "L256", "L257", "L258", "L259"} <= {finding.code for finding in seen.findings}
    assert seen.headline == "5 lines of text, 2 classes" and seen.schema[0]["read by"] == "word"
    assert seen.sentences[0].startswith("A network would read them so: The lines are read by word")


def test_looking_at_pairs_counts_equal_ones_and_those_that_become_several_things() -> None:
    sides = ["a b c", "a b c", "d"], ["x", "y", "d"]
    source, target = (Data(kind="text", items=items) for items in sides)
    assert {f.code for f in look(Pairs(source=source, target=target)).findings} == {"L260", "L261"}


def test_lines_with_classes_are_written_as_a_table_or_as_lines(tmp_path) -> None:
    data = Data(kind="text", items=["a b", "=c"], labels=np.array(["x", "y"]))
    write(data, str(tmp_path / "o.csv"))
    assert pd.read_csv(tmp_path / "o.csv").to_dict("list") == {
        "text": ["a b", "=c"],
        "label": ["x", "y"],
        "_source": ["synthetic"] * 2,
    }
    write(data, str(tmp_path / "o.txt"))
    assert (tmp_path / "o.txt").read_text() == "a b\n=c\n"
