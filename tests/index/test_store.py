"""The store commits whole changes, and says what is wrong when it cannot."""

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from index import store as store_module
from index.errors import StoreError
from index.identity import EmbedderIdentity
from index.schema import APPLICATION_ID, FORMAT_VERSION
from index.store import Recipe, Store

RECIPE = Recipe(EmbedderIdentity("toy", "r1", 8), "chunks")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


def add_row(store: Store, number: int) -> None:
    with store.transaction("passages") as connection:
        connection.execute(
            "INSERT INTO documents (id, title, text, source, media_type, metadata, sections, "
            "digest) VALUES (?, '', ?, '', '', '{}', '[]', '')",
            (str(number), "x" * 3000),
        )


def add_rows(store: Store, numbers: range) -> None:
    for number in numbers:
        add_row(store, number)


def fail_after_deleting(store: Store) -> None:
    with store.transaction("passages") as connection:
        connection.execute("DELETE FROM documents")
        raise ZeroDivisionError


def read_all(path: Path) -> None:
    with Store(path) as store:
        store.check_integrity()
        count(store)


def count(store: Store) -> int:
    with store.reading() as connection:
        return connection.execute("SELECT count(*) FROM documents").fetchone()[0]


def test_every_change_of_an_area_counts_in_its_generation_alone(path):
    with Store(path) as store:
        assert (store.generation("passages"), store.generation("images")) == (0, 0)
        add_row(store, 1)
        add_row(store, 2)
        with store.transaction("images"):
            pass
    with Store(path) as store:
        assert (store.generation("passages"), store.generation("images")) == (2, 1)


def test_a_failed_change_leaves_nothing_behind(path):
    with Store(path) as store:
        add_row(store, 1)
        with pytest.raises(ZeroDivisionError):
            fail_after_deleting(store)
        assert (count(store), store.generation("passages")) == (1, 1)


def test_recipes_are_kept_by_area(path):
    with Store(path) as store:
        assert store.recipe("passages") is None
        with store.transaction("passages") as connection:
            store.record_recipe(connection, "passages", RECIPE)
    with Store(path) as store:
        assert store.recipe("passages") == RECIPE
        assert store.recipe("images") is None


def test_a_newer_format_is_refused_and_untouched(path):
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    with pytest.raises(StoreError, match="newer version") as caught:
        Store(path)
    assert "Update" in caught.value.hint


def test_a_database_of_another_program_is_refused_and_untouched(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"plain text, no database " * 100, b"SQLite format 3\0" * 64])
def test_a_file_that_is_no_database_is_refused_and_untouched(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        Store(path)
    assert path.read_bytes() == content


def test_a_damaged_page_is_reported(path):
    with Store(path) as store:
        for number in range(50):
            add_row(store, number)
        with store.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[4096 * 6 :] = b"\xff" * (len(content) - 4096 * 6)
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="damaged"):
        read_all(path)


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)


def test_a_store_below_a_file_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "store.sqlite")


def test_a_full_store_loses_nothing_and_goes_on_when_there_is_room(path):
    with Store(path) as store:
        add_row(store, 0)
        with store.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(StoreError, match="full") as caught:
            add_rows(store, range(1, 100))
        assert "Free some space" in caught.value.hint
        kept = count(store)
        with store.reading() as connection:
            connection.execute("PRAGMA max_page_count = 100000")
        add_row(store, 1000)
        assert count(store) == kept + 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_write_that_the_system_refuses_is_an_error_and_loses_nothing(path):
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from index.errors import StoreError
        from index.store import Store
        with Store(Path(sys.argv[1])) as store:
            for number in range(1000):
                if number == 5:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
                try:
                    with store.transaction("passages") as connection:
                        connection.execute(
                            "INSERT INTO documents (id, title, text, source, media_type, "
                            "metadata, sections, digest) VALUES (?, '', ?, '', '', '', '', '')",
                            (str(number), "x" * 3000),
                        )
                except StoreError as error:
                    print(number, error.message)
                    break
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    refused, _, message = done.stdout.partition(" ")
    assert "cannot be read or written" in message or "full" in message
    with Store(path) as store:
        store.check_integrity()
        assert count(store) == store.generation("passages") == int(refused) > 0


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_may_not_be_written_says_so(path):
    with Store(path) as store:
        add_row(store, 1)
    path.chmod(0o400)
    with pytest.raises(StoreError, match="cannot be written"), Store(path) as store:
        add_row(store, 2)


def test_a_store_that_another_process_is_writing_says_so(path, monkeypatch):
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    with Store(path) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process"):
            add_row(store, 1)
        assert count(store) == 0
        other.execute("ROLLBACK")
        add_row(store, 1)
        assert count(store) == 1
    other.close()


def test_a_closed_store_says_so(path):
    store = Store(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.generation("passages")


def test_two_openings_at_once_make_one_store(path):
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            with Store(path) as store:
                for number in range(20):
                    add_row(store, name * 100 + number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with Store(path) as store:
        assert count(store) == store.generation("passages") == 80
        with store.reading() as connection:
            assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_threads_share_one_store(path):
    with Store(path) as store:
        threads = [
            threading.Thread(target=lambda base=base: [add_row(store, base + n) for n in range(25)])
            for base in (0, 100, 200)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert count(store) == store.generation("passages") == 75
