"""Problems that a worker can name. Each ends an analysis in the state `failed` with its code."""

from typing import ClassVar


class PipelineError(Exception):
    """A named failure: `code` is stable, `retry` says whether the same call may work later."""

    code: ClassVar[str] = "pipeline_error"
    retry: ClassVar[bool] = False


class UnreadableImage(PipelineError):
    """The bytes are no photo that can be decoded (damaged, cut short, or of another type)."""

    code = "unreadable_image"


class ImageTooLarge(PipelineError):
    """The file or its pixels exceed the limits of `decode`."""

    code = "image_too_large"


class ModelMissing(PipelineError):
    """No release is active, or one of its files is not there."""

    code = "model_missing"


class ModelAltered(PipelineError):
    """A file of the release differs from the checksum that its release.json records."""

    code = "model_altered"


class LandmarksFailed(PipelineError):
    """The landmark library broke down, or gave points that are no numbers."""

    code = "landmarks_failed"
    retry = True


class ClassificationFailed(PipelineError):
    """A model gave something that is no probability."""

    code = "classification_failed"
    retry = True


class MeasurementFailed(PipelineError):
    """The landmarks admit no measure, such as an iris of no size."""

    code = "measurement_failed"


ERRORS: dict[str, type[PipelineError]] = {
    e.code: e
    for e in (
        UnreadableImage,
        ImageTooLarge,
        ModelMissing,
        ModelAltered,
        LandmarksFailed,
        ClassificationFailed,
        MeasurementFailed,
    )
}
"""Every named failure by its code, for the table of sentences that the product shows."""
