from eval.support.drafted import DraftClaim, draft_pairs, draft_part, read_draft_claims
from eval.support.pairs import IGNORED


def made(group: str, verdict: str, unsupported: tuple[str, ...] = ()) -> DraftClaim:
    claim = "The pooling layer learns its filters, quickly."
    return DraftClaim("x", "bank", group, claim, "Evidence.", verdict, unsupported)


def of_part(part: str, verdict: str, unsupported: tuple[str, ...] = ()) -> DraftClaim:
    groups = (f"title {number}" for number in range(100))
    return next(
        claim
        for claim in (made(group, verdict, unsupported) for group in groups)
        if draft_part(claim) == part
    )


def test_every_unsupported_run_stands_in_its_claim():
    for claim in read_draft_claims():
        assert claim.supported == (not claim.unsupported), claim.id
        for run in claim.unsupported:
            assert run in claim.claim, claim.id


def test_all_parts_hold_claims_of_both_kinds_about_different_documents():
    claims = read_draft_claims()
    groups = {}
    for part in ("train", "calibrate", "report"):
        inside = [claim for claim in claims if draft_part(claim) == part]
        assert {claim.supported for claim in inside} == {True, False}
        groups[part] = {claim.group for claim in inside}
    assert not groups["train"] & (groups["calibrate"] | groups["report"])
    assert not groups["calibrate"] & groups["report"]


def test_the_words_of_an_unsupported_run_are_marked():
    [pair] = draft_pairs([of_part("train", "partly", ("learns its filters",))])
    assert pair.label == 0
    assert pair.unsupported == (0, 0, 0, 1, 1, 1, 0)


def test_a_supported_claim_has_no_marked_word():
    [pair] = draft_pairs([of_part("train", "yes")])
    assert pair.label == 1
    assert set(pair.unsupported) == {0}


def test_nothing_is_known_of_the_words_where_nobody_marked_any():
    [pair] = draft_pairs([of_part("train", "no")])
    assert pair.label == 0
    assert IGNORED not in pair.unsupported
    assert pair.unsupported == ()


def test_what_calibrates_or_is_reported_trains_nothing():
    claims = [of_part(part, "yes") for part in ("calibrate", "report")]
    assert list(draft_pairs(claims)) == []
