"""The words of pages that people read, in English, Russian and Kazakh: one gettext catalogue for report and review app.

The English sentence is the key, `ru.po` and `kk.po` hold its translations. Configured names and text of mails are data
and stay as they are. How a page is built belongs in `report/` and `web/`.
"""
