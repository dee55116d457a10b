"""Documents of offices: Word, Excel, PowerPoint, their OpenDocument relatives, and XML of Office 2003."""
