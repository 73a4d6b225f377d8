"""Say why the native library cannot be loaded, and what to do about it."""

from __future__ import annotations

from ._language import language_of_errors

_ONE_INTERPRETER = {
    "en": "Run the application in the main interpreter (mod_wsgi: WSGIApplicationGroup %{GLOBAL}; uWSGI: "
    "single-interpreter = true), and each of several applications in a process of its own.",
    "zh": "请在主解释器中运行应用（mod_wsgi：WSGIApplicationGroup %{GLOBAL}；uWSGI：single-interpreter = "
    "true）；如有多个应用，请让每个应用使用单独的进程。",
}
_OTHER_BUILD = {
    "en": "This copy was not built, or is for another Python, processor or C library (glibc, musl): install "
    "it on this machine with python -m pip install --force-reinstall wxaudit; in a checkout, run make build.",
    "zh": "当前这份 wxaudit 尚未编译，或不适用于本机的 Python、处理器或 C 运行库（glibc、musl）：请在本机"
    "执行 python -m pip install --force-reinstall wxaudit；在源码目录中请执行 make build。",
}


def explained(error: ImportError) -> ImportError:
    """The error that `import wxaudit` raises in place of that of its native library."""
    if "interpreter" in str(error):  # in what Python says, and in what the library says
        what, hint = "wxaudit does not support sub-interpreters", _ONE_INTERPRETER
    else:
        what, hint = "wxaudit cannot be loaded", _OTHER_BUILD
    return ImportError(f"{what}: {error}. {hint[language_of_errors()]}", name=error.name, path=error.path)
