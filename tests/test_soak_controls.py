"""The guards that ``bin/soak`` takes out as a control stand where it looks for them."""

import pytest

from doors import controls


@pytest.mark.parametrize("name", sorted(controls.GUARDS))
def test_a_guard_is_taken_out_of_a_copy_and_nothing_else_changes(tmp_path, name):
    root = controls.without(name, tmp_path / "portal")

    path = controls.GUARDS[name].path
    changes = controls.GUARDS[name].changes
    text = (controls.ROOT / path).read_text(encoding="utf-8")
    for there, instead in changes:
        text = text.replace(there, instead)
    assert (root / path).read_text(encoding="utf-8") == text
    assert (root / "manage.py").read_bytes() == (controls.ROOT / "manage.py").read_bytes()
