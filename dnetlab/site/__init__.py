"""`dnetlab site DIR`: the course as a folder of files, for a browser and nothing else (JupyterLite, Pyodide)."""
