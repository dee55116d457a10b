"""What people typed, ticked and noted on a PDF: form fields and notes, which are no part of its pages' text.

Field types and subtypes of annotations are those of PDFium's fpdf_annot.h and fpdf_formfill.h.
"""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

MAX_NOTES = 1_000
"""Fields and notes of a document that are read."""
_MAX_VALUE = 20_000
TICKED, EMPTY = "☑", "☐"
_MAX_XFA = 4_000_000


class Fields:
    """The fields and notes of one open document. `init_forms` of the document has to come before its first page."""

    def __init__(self, document: Any) -> None:
        self._form = document.formenv.raw if document.formenv is not None else None
        self._left = MAX_NOTES

    def lines(self, page: Any) -> Iterator[str]:
        """`label: value` of a filled field, ☑ or ☐ and the label of a box, and the words of a note, as on the page."""
        import pypdfium2.raw as raw

        for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), self._left)):
            annotation = raw.FPDFPage_GetAnnot(page.raw, number)
            if not annotation:
                continue
            self._left -= 1
            try:
                line = self._line(annotation)
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
            if line:
                yield line

    def _line(self, annotation: Any) -> str:
        import pypdfium2.raw as raw

        if raw.FPDFAnnot_GetFlags(annotation) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
            return ""
        subtype = raw.FPDFAnnot_GetSubtype(annotation)
        if subtype == raw.FPDF_ANNOT_WIDGET:
            return self._field(annotation) if self._form is not None else ""
        if subtype in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
            return ""
        return _text(partial(raw.FPDFAnnot_GetStringValue, annotation, b"Contents"))

    def _field(self, annotation: Any) -> str:
        import pypdfium2.raw as raw

        form = self._form
        kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
        name = _text(partial(raw.FPDFAnnot_GetFormFieldName, form, annotation))
        label = _text(partial(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation))
        label = label or name.rpartition(".")[2]
        match kind:
            case raw.FPDF_FORMFIELD_CHECKBOX | raw.FPDF_FORMFIELD_RADIOBUTTON:
                export = _text(partial(raw.FPDFAnnot_GetFormFieldExportValue, form, annotation))
                option = f": {export}" if kind == raw.FPDF_FORMFIELD_RADIOBUTTON and export else ""
                return f"{TICKED if raw.FPDFAnnot_IsChecked(form, annotation) else EMPTY} {label}{option}"
            case raw.FPDF_FORMFIELD_TEXTFIELD | raw.FPDF_FORMFIELD_COMBOBOX | raw.FPDF_FORMFIELD_LISTBOX:
                value = _text(partial(raw.FPDFAnnot_GetFormFieldValue, form, annotation))
                shown = self._chosen(annotation) or value
                return f"{label}: {shown}" if shown else ""
            case _:
                return ""

    def _chosen(self, annotation: Any) -> str:
        """Labels of the chosen options, where the field has some."""
        import pypdfium2.raw as raw

        form = self._form
        count = min(raw.FPDFAnnot_GetOptionCount(form, annotation), MAX_NOTES)
        chosen = [i for i in range(max(0, count)) if raw.FPDFAnnot_IsOptionSelected(form, annotation, i)]
        labels = (_text(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, i)) for i in chosen)
        return ", ".join(label for label in labels if label)


def data_of_xfa(document: Any) -> bytes:
    """The filled-in data of an XFA form, whose pages only ask for another program; empty for any other document."""
    import pypdfium2.raw as raw

    for number in range(min(max(0, raw.FPDF_GetXFAPacketCount(document.raw)), 20)):
        needed = raw.FPDF_GetXFAPacketName(document.raw, number, None, 0)
        name = ctypes.create_string_buffer(max(1, needed))
        raw.FPDF_GetXFAPacketName(document.raw, number, name, needed)
        if name.value != b"datasets":
            continue
        size = ctypes.c_ulong()
        if not raw.FPDF_GetXFAPacketContent(document.raw, number, None, 0, ctypes.byref(size)):
            continue
        if not 0 < size.value <= _MAX_XFA:
            continue
        content = ctypes.create_string_buffer(size.value)
        raw.FPDF_GetXFAPacketContent(document.raw, number, content, size.value, ctypes.byref(size))
        return content.raw[: size.value]
    return b""


def _text(ask: Callable[[Any, int], int]) -> str:
    """A UTF-16LE string of PDFium: asked for its length in bytes first."""
    import pypdfium2.raw as raw

    length = ask(None, 0)
    if not 2 < length <= _MAX_VALUE * 2:
        return ""
    held = ctypes.create_string_buffer(length)
    ask(ctypes.cast(held, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return held.raw[:length].decode("utf-16-le", "replace").rstrip("\x00").replace("\r", "\n").strip()
