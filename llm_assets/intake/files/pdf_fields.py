"""What people typed, ticked and noted on a PDF: form fields and notes, which are no part of its pages' text.

Field types and subtypes of annotations are those of PDFium's fpdf_annot.h and fpdf_formfill.h.
"""

import ctypes
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple
from xml.etree import ElementTree  # expat 2.4 and later refuses entity bombs itself

from llm_assets.intake.pages import html

MAX_NOTES = 1_000
"""Fields and notes of a document that are read."""
_MAX_VALUE = 20_000
TICKED, EMPTY = "☑", "☐"
_MAX_XFA = 4_000_000
_MAX_ATTACHED = 10


class Attached(NamedTuple):
    """A file that is pinned to a page."""

    name: str
    data: bytes


class Fields:
    """The fields and notes of one open document. `init_forms` of the document has to come before its first page."""

    def __init__(self, document: Any) -> None:
        self._form = document.formenv.raw if document.formenv is not None else None
        self._document = document
        self._left = MAX_NOTES
        self.attached: list[Attached] = []
        """Files pinned to the pages that were read."""
        self.drawn_only = False
        """Whether the page that was read last has notes or fields whose words are only drawn."""

    def lines(self, page: Any) -> Iterator[str]:
        """`label: value` of a filled field, ☑ or ☐ and the label of a box, and the words of a note, as on the page."""
        import pypdfium2.raw as raw

        self.drawn_only = False
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
        if subtype in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
            return ""
        if subtype == raw.FPDF_ANNOT_WIDGET:
            line = self._field(annotation) if self._form is not None else _field_without_form(annotation)
        else:
            line = _value(annotation, b"Contents") or _plain(_value(annotation, b"RC"))
        if subtype == raw.FPDF_ANNOT_FILEATTACHMENT:
            self._attach(annotation)
        elif not line and raw.FPDFAnnot_GetObjectCount(annotation) > 0:
            self.drawn_only = True
        elif not line and subtype == raw.FPDF_ANNOT_STAMP:
            line = _value(annotation, b"Name")
        return line

    def _attach(self, annotation: Any) -> None:
        import pypdfium2
        import pypdfium2.raw as raw

        pinned = raw.FPDFAnnot_GetFileAttachment(annotation)
        if not pinned or len(self.attached) >= _MAX_ATTACHED:
            return
        try:
            item = pypdfium2.PdfAttachment(pinned, self._document)
            self.attached.append(Attached(item.get_name(), bytes(item.get_data())))
        except (pypdfium2.PdfiumError, ValueError):
            return  # as with files of the whole document: what cannot be taken out is left out

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
                ticked = raw.FPDFAnnot_IsChecked(form, annotation) or self._is_chosen(annotation, export)
                return f"{TICKED if ticked else EMPTY} {label}{option}"
            case raw.FPDF_FORMFIELD_TEXTFIELD | raw.FPDF_FORMFIELD_COMBOBOX | raw.FPDF_FORMFIELD_LISTBOX:
                value = _text(partial(raw.FPDFAnnot_GetFormFieldValue, form, annotation))
                shown = self._chosen(annotation) or value or _value(annotation, b"V")
                shown = shown or _plain(_value(annotation, b"RV"))
                return f"{label}: {shown}" if shown else ""
            case _:
                return ""

    def _is_chosen(self, annotation: Any, export: str) -> bool:
        """Whether the field's value is this box, where a program has set only the value and not what is drawn: then the
        library adds a state of its own, which is no name."""
        import pypdfium2.raw as raw

        if raw.FPDFAnnot_GetValueType(annotation, b"AS") == raw.FPDF_OBJECT_NAME:
            return False
        value = partial(raw.FPDFAnnot_GetFormFieldValue, self._form, annotation)
        return bool(export) and (_value(annotation, b"V") or _text(value)) == export

    def _chosen(self, annotation: Any) -> str:
        """Labels of the chosen options, where the field has some."""
        import pypdfium2.raw as raw

        form = self._form
        count = min(raw.FPDFAnnot_GetOptionCount(form, annotation), MAX_NOTES)
        chosen = [i for i in range(max(0, count)) if raw.FPDFAnnot_IsOptionSelected(form, annotation, i)]
        labels = (_text(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, i)) for i in chosen)
        return ", ".join(label for label in labels if label)


def _field_without_form(annotation: Any) -> str:
    """A field that no form of the document names, as programs leave it that join pages."""
    label = _value(annotation, b"TU") or _value(annotation, b"T")
    value = _value(annotation, b"V") or _plain(_value(annotation, b"RV"))
    kind, state = _value(annotation, b"FT"), _value(annotation, b"AS")
    if kind == "Btn":
        return f"{EMPTY if state == 'Off' else TICKED} {label}" if state and label else ""
    return f"{label}: {value}".removeprefix(": ") if value and kind in ("Tx", "Ch") else ""


def _value(annotation: Any, key: bytes) -> str:
    """A text or a name of an annotation's own."""
    import pypdfium2.raw as raw

    return _text(partial(raw.FPDFAnnot_GetStringValue, annotation, key))


def _plain(markup: str) -> str:
    """The words of rich text (PDF 32000, 12.7.3.4)."""
    return html.to_text(markup).text.strip() if "<" in markup else markup


def data_of_xfa(document: Any) -> bytes:
    """The filled-in data of an XFA form, whose pages only ask for another program; empty for any other document."""
    import pypdfium2.raw as raw

    for number in range(min(max(0, raw.FPDF_GetXFAPacketCount(document.raw)), 20)):
        needed = raw.FPDF_GetXFAPacketName(document.raw, number, None, 0)
        name = ctypes.create_string_buffer(max(1, needed))
        raw.FPDF_GetXFAPacketName(document.raw, number, name, needed)
        if name.value not in (b"datasets", b""):
            continue
        size = ctypes.c_ulong()
        if not raw.FPDF_GetXFAPacketContent(document.raw, number, None, 0, ctypes.byref(size)):
            continue
        if not 0 < size.value <= _MAX_XFA:
            continue
        content = ctypes.create_string_buffer(size.value)
        raw.FPDF_GetXFAPacketContent(document.raw, number, content, size.value, ctypes.byref(size))
        return _datasets(content.raw[: size.value]) if not name.value else content.raw[: size.value]
    return b""


def _datasets(whole: bytes) -> bytes:
    """The data of a form that is in the file as one piece."""
    try:
        root = ElementTree.fromstring(whole)  # noqa: S314
    except ElementTree.ParseError:
        return b""
    found = next((node for node in root.iter() if node.tag.rpartition("}")[2] == "datasets"), None)
    return ElementTree.tostring(found, encoding="utf-8") if found is not None else b""


def _text(ask: Callable[[Any, int], int]) -> str:
    """A UTF-16LE string of PDFium: asked for its length in bytes first."""
    import pypdfium2.raw as raw

    length = ask(None, 0)
    if not 2 < length <= _MAX_VALUE * 2:
        return ""
    held = ctypes.create_string_buffer(length)
    ask(ctypes.cast(held, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return held.raw[:length].decode("utf-16-le", "replace").rstrip("\x00").replace("\r", "\n").strip()
