"""What a user may set: by argument, by environment (`CV_ASSISTANT_…`), by file, in this order."""

from pathlib import Path
from typing import Any, Literal, Self

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from assistant.errors import SettingsError

SETTINGS_FILE = "settings.toml"


class Settings(BaseSettings):
    """All settings, checked. An unknown name or an impossible value is an error.

    `Settings.load()` reads them; `Settings(...)` takes arguments and the environment alone.
    """

    model_config = SettingsConfigDict(
        env_prefix="CV_ASSISTANT_", extra="forbid", frozen=True, validate_default=True
    )

    home: Path = Field(
        default_factory=lambda: user_data_path("cv-assistant"),
        description="Folder of everything that the assistant keeps.",
    )
    weights: Path | None = Field(
        None, description="Folder of the models' weights; `weights` in the home if not set."
    )
    model: str = Field(
        "default",
        description="Language model: default, quality, smallest, a GGUF file or owner/repo:file.",
    )
    embedder: str = Field(
        "default",
        description="Embedding model: default, a sentence-transformers folder or a hub name.",
    )
    image_encoder: str = Field(
        "default",
        description="Image encoder: default (embedded, not CLIP), an open_clip NAME/TAG or folder.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where models and vectors are computed."
    )
    threads: int | None = Field(
        None, ge=1, le=256, description="Threads of the language model; all cores if not set."
    )
    context_tokens: int = Field(3072, ge=1024, le=131072, description="Context of the model.")
    answer_tokens: int = Field(256, ge=16, le=4096, description="Longest draft of an answer.")
    answer_seconds: float = Field(120.0, gt=0, description="Time limit of one answer.")
    passages: int = Field(4, ge=1, le=10, description="Passages given to the model.")
    strictness: float = Field(
        0.5, ge=0, le=1, description="How readily a question is refused: 0 seldom, 1 often."
    )
    unsupported: Literal["withhold", "mark"] = Field(
        "withhold", description="What happens to a sentence that the corpus does not support."
    )
    question_characters: int = Field(4000, ge=100, description="Longest question accepted.")
    queue_length: int = Field(16, ge=1, le=1000, description="Answers that may wait for the model.")
    llm_url: str | None = Field(
        None, description="OpenAI-compatible endpoint to use in place of the local model."
    )
    llm_key: SecretStr | None = Field(None, description="Key of that endpoint.")
    host: str = Field("127.0.0.1", description="Address that `assistant serve` listens on.")
    port: int = Field(7860, ge=0, le=65535, description="Port that `assistant serve` listens on.")
    api_key: SecretStr | None = Field(None, description="Key that HTTP callers must present.")
    login: SecretStr | None = Field(
        None,
        description="name:password for the chat; with a key alone, the key is the password.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Host names that the server answers to; local names, or all if not local."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Web pages of other hosts that may call the server, as https://host."
    )
    upload_megabytes: float = Field(25, gt=0, le=4096, description="Largest file accepted.")
    results: Path = Field(
        Path("eval/results"), description="Folder of evaluation results that the chat shows."
    )
    upload_files: int = Field(20, ge=1, le=1000, description="Files accepted in one upload.")

    @property
    def weights_directory(self) -> Path:
        """Folder that holds the models' weights."""
        return self.weights or self.home / "weights"

    @property
    def index_directory(self) -> Path:
        """Folder that holds the store and the checkpoints of its vectors."""
        return self.home / "index"

    @property
    def upload_bytes(self) -> int:
        """Largest uploaded file in bytes."""
        return int(self.upload_megabytes * 1024 * 1024)

    @property
    def gallery_directory(self) -> Path:
        """Folder that holds the pictures of the default gallery."""
        return self.home / "gallery"

    @property
    def pictures_directory(self) -> Path:
        """Folder that holds the pictures which users added in the browser."""
        return self.home / "pictures"

    @classmethod
    def load(cls, file: Path | None = None, **arguments: Any) -> Self:
        """Read all sources; arguments that are None count as not given.

        `file` defaults to `settings.toml` in the home, where there is one.

        Raises:
            SettingsError: a source holds an unknown name or an impossible value.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        if file is not None and not file.is_file():
            raise SettingsError(f"There is no settings file {file}.")
        try:
            home = cls(**given).home
            path = file or home / SETTINGS_FILE
            if not path.is_file():
                return cls(**given)
            with_file = type(
                cls.__name__,
                (cls,),
                {"model_config": SettingsConfigDict(toml_file=path), "__module__": cls.__module__},
            )
            return with_file(**given)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors(include_url=False)
            )
            raise SettingsError(
                f"A setting cannot be used: {problems}.",
                hint="`assistant status --settings` lists every setting and its meaning.",
            ) from error
        except ValueError as error:
            raise SettingsError(f"The settings file cannot be read: {error}.") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
