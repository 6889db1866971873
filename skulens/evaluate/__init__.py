"""Runs and judgements -> numbers with intervals. Knows nothing of encoders or tasks."""

from skulens.evaluate.summaries import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
