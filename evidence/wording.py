"""What a piece of evidence does, in one sentence."""

from evidence.effect import Effect
from spm import formats


def sentence(effect: Effect, done: bool = False) -> str:
    """'Belief 62% → 48%, −3.1 dB, would break the thesis.'

    Args:
        effect: what it does or did.
        done: whether it has been logged, or would be.
    """
    before, after = (
        formats.percent(each) for each in (effect.hypothesis_before, effect.hypothesis_after)
    )
    parts = [f"Belief {before} → {after}", formats.decibans(effect.decibans)]
    if round(effect.thesis_before, 6) != round(effect.hypothesis_before, 6):
        whole = f"{formats.percent(effect.thesis_before)} → {formats.percent(effect.thesis_after)}"
        parts.append(f"thesis {whole}")
    if effect.breaks:
        parts.append("broke the thesis" if done else "would break the thesis")
    if effect.revives:
        parts.append("revived the thesis" if done else "would revive the thesis")
    return ", ".join(parts) + "."
