"""Write the image towers of the shipped encoders as ONNX beside their weights.

    python -m tools.make_towers

To be run again where their weights change; a test compares the vectors of both.
"""

from skulens.encode import open_encoder
from skulens.encode.open_clip import SHIPPED
from skulens.serve.publish.tower import write_tower

if __name__ == "__main__":
    for name in ("mini", "groceries"):
        file = SHIPPED / name / "encoder.onnx"
        write_tower(open_encoder(name, device="cpu").model, file)
        print(f"{file}: {file.stat().st_size:,} bytes")
