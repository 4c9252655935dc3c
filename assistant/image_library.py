"""Opens the index of images that the settings name, with the default gallery in it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.image_encoders import ImageTextEncoder
    from index.images import ImageIndex
    from index.store import Store
    from index.text_embedders import TextEmbedder

Progress = Callable[[int, int, str], None]

EMBEDDED = ("default", "embedded")
GALLERY_NOTE = "gallery"


def open_images(
    settings: "Settings",
    store: "Store",
    text_embedder: "TextEmbedder",
    progress: Progress | None = None,
    *,
    rebuild: bool = False,
) -> "ImageIndex":
    """The images of a store; on the first opening, the default gallery is drawn and indexed.

    `text_embedder` is the one of the passages: the embedded encoder reads words with it.

    Raises:
        WeightsError: the image encoder's weights are not here.
        EmbedderMismatchError: the images were indexed with another encoder, and not `rebuild`.
        StoreError: the store cannot be read or written.
    """
    from index.images import ImageIndex

    def indexing(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, "Indexing images")

    images = ImageIndex.open(
        store,
        open_image_encoder(settings, text_embedder),
        settings.device,
        rebuild=rebuild,
        progress=indexing,
    )
    _seed(settings, store, images, indexing, progress)
    return images


def open_image_encoder(settings: "Settings", text_embedder: "TextEmbedder") -> "ImageTextEncoder":
    """The encoder of the settings: the embedded one, or any model of open_clip.

    Raises:
        WeightsError: its weights are not here; the hint says how to get them.
        EmbedderError: the model cannot be loaded.
    """
    from assistant.weights import entry_of, locate
    from assistant.weights.local import not_here

    if settings.image_encoder not in EMBEDDED:
        from index.image_encoders import OpenClipEncoder

        return OpenClipEncoder(settings.image_encoder, settings.device)
    from index.embedded_encoder import EmbeddedEncoder

    weights = locate("efficientnet-lite2", settings.weights_directory)
    if weights is None:
        raise not_here(entry_of("efficientnet-lite2"), settings.weights_directory)
    return EmbeddedEncoder(weights, text_embedder)


def _seed(
    settings: "Settings",
    store: "Store",
    images: "ImageIndex",
    indexing: Callable[[int, int], None],
    progress: Progress | None,
) -> None:
    """Add the gallery once; noted when it is whole, so an interrupted one is gone on with.

    What another version of the gallery held and this one does not is forgotten.
    """
    from corpus.gallery import GALLERY_VERSION, IDENTITY_PREFIX, MANIFEST, build_gallery

    version = str(GALLERY_VERSION)
    folder = settings.gallery_directory
    if store.note(GALLERY_NOTE) == version and (folder / MANIFEST).is_file():
        return
    records = build_gallery(folder, progress)
    images.add_records(records, indexing)
    wanted = {record.id for record in records}
    stored = (image.id for image in images.images() if image.id.startswith(IDENTITY_PREFIX))
    gone = [image_id for image_id in stored if image_id not in wanted]
    if gone:
        images.remove(gone)
    store.write_note(GALLERY_NOTE, version)
