import pytest

from contrafact.base.errors import UsageError
from contrafact.tasks.rewrite import rewrite_file
from contrafact.tasks.unpaired import translate
from contrafact.zoo.rewriter import Rewriter


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "r"
    Rewriter.toy().but(steps=3).fit([("a b", "b"), ("b a", "a"), ("a a", "a")] * 10, run_dir=folder)
    return folder


def test_every_line_that_is_not_blank_becomes_a_line_of_the_new_file(run, tmp_path):
    (tmp_path / "new.txt").write_text("a b\n\nb b\tleft out\n", encoding="utf-8")
    made = translate(str(tmp_path / "new.txt"), str(run), str(tmp_path / "deep" / "out.txt"))
    written = (tmp_path / "deep" / "out.txt").read_text(encoding="utf-8")
    assert made.files == [str(tmp_path / "deep" / "out.txt")] and made.told == "2 lines"
    assert written.count("\n") == 2


def test_what_is_read_is_never_written_over(tmp_path):
    path = tmp_path / "new.txt"
    path.write_text("a b\n", encoding="utf-8")
    for out in (path, tmp_path):
        with pytest.raises(UsageError) as caught:
            rewrite_file(None, str(path), str(out))
        assert caught.value.code == "E315"
    with pytest.raises(UsageError) as caught:
        rewrite_file(None, str(tmp_path / "none.txt"), str(tmp_path / "o.txt"))
    assert caught.value.code == "E112" and path.read_text(encoding="utf-8") == "a b\n"
