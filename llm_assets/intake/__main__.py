"""`python -m llm_assets.intake PATH… [--no-ocr]`: the reader alone, JSON Lines on stdout, without the platform."""

import sys

import orjson

from llm_assets.intake.rows import parse_rows


def main(arguments: list[str]) -> None:
    paths = [a for a in arguments if a != "--no-ocr"]
    for row in parse_rows(paths, ocr="--no-ocr" not in arguments):
        sys.stdout.buffer.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
