"""What a file's name alone says: secret, protected, marked, dependency, binary.

Pure look-ups on `RelPath`s. Names are compared folded: a file system that ignores case, or
drops what cannot be seen, must not turn ``.GIT`` or ``.g\u200cit`` into a way round.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fnmatch import translate

from agent_ls.core.paths import RelPath

VCS = frozenset({".git", ".hg", ".svn", ".jj", ".bzr"})
DEPENDENCIES = frozenset({"node_modules", ".venv", "site-packages"})
MAYBE_VENV = frozenset({"venv", "env", "virtualenv"})
"""Folders that hold an environment only where a ``pyvenv.cfg`` says so: a package may be called that, too."""

BUILT_IN = (
    VCS
    | DEPENDENCIES
    | frozenset(
        {
            "__pycache__",
            ".tox",
            ".nox",
            ".mypy_cache",
            ".ruff_cache",
            ".pytest_cache",
            ".hypothesis",
            ".gradle",
        }
        | {".terraform", ".next", ".nuxt", ".parcel-cache", ".eggs", ".ds_store", ".direnv"}
    )
)
"""Folders and files that no list of the workspace holds, whatever its ignore files say."""

_SECRET_NAMES = (
    ".env*", "*.env", ".envrc", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", ".git-credentials",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore",
    "*.kdbx", "*.ppk", "*.asc", "*.gpg", "*.age", "credentials", "credentials.json", "credentials.toml",
    "credentials.y*ml", "credentials.ini", "client_secret*.json", "service-account*.json", "service_account*.json",
    "secrets.json", "secrets.toml", "secrets.y*ml", "secrets.ini", "secret.json", "secret.y*ml", ".secrets*",
    "*.tfvars", "*.tfstate", "*.tfstate.backup", "*.mobileprovision", ".dockercfg", ".vault-token", ".boto", ".s3cfg",
)  # fmt: skip
SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".secrets"})

_PROTECTED_FOLDERS = (
    frozenset(
        {
            ".vscode",
            ".idea",
            ".vs",
            ".zed",
            ".helix",
            ".fleet",
            ".nvim",
            ".devcontainer",
            ".husky",
            ".githooks",
        }
        | {".claude", ".cursor", ".codex", ".gemini", ".aider", ".continue", ".windsurf", ".roo", ".circleci"}
        | {".buildkite", ".woodpecker", ".agent-ls"}
    )
    | VCS
)
_PROTECTED_PREFIXES = (
    ".github/workflows/", ".github/actions/", ".gitlab/", ".gitea/workflows/", ".forgejo/workflows/",
    ".config/nvim/", ".config/helix/", ".config/zed/",
)  # fmt: skip
_PROTECTED_NAMES = (
    ".gitmodules", ".gitattributes", ".gitconfig", ".agent-ls.toml", ".agentignore", "*.pth", "sitecustomize.py",
    "usercustomize.py", ".envrc", ".exrc", ".nvimrc", ".nvim.lua", ".vimrc", ".lvimrc", ".dir-locals.el",
    ".dir-locals-2.el", "*.code-workspace", "*.sublime-project", ".cursorrules", ".windsurfrules", ".clinerules",
    ".mcp.json", "mcp.json", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".tool-versions",
    ".gitlab-ci.y*ml", "jenkinsfile", "azure-pipelines.y*ml", ".travis.yml", ".drone.yml", "bitbucket-pipelines.yml",
    "appveyor.yml", ".pre-commit-config.yaml", "lefthook.y*ml", ".lintstagedrc*", ".overcommit.yml", ".yarnrc*",
)  # fmt: skip
_MARKED_NAMES = {
    "it runs by itself in every test run": ("conftest.py", "pytest.ini", "tox.ini", "noxfile.py"),
    "its scripts run at install or build": (
        "package.json", "setup.py", "setup.cfg", "pyproject.toml", "build.rs", "makefile", "gnumakefile",
        "cmakelists.txt", "dockerfile*", "docker-compose*.y*ml", "gulpfile.js", "gruntfile.js", "rakefile", "justfile",
        ".cargo/config.toml", "build.gradle*", "pom.xml", "gemfile", "go.mod", "cargo.toml", "taskfile.y*ml",
    ),
    "agents take instructions from it": ("agents.md", "claude.md", "gemini.md", "copilot-instructions.md"),
    "it decides what is hidden from git": (".gitignore",),
}  # fmt: skip
_BINARY = re.compile(
    r"\.(?:"
    r"png|jpg|jpeg|gif|bmp|ico|webp|tiff|psd|pdf|zip|gz|bz2|xz|zst|7z|rar|tar|tgz|jar|war|class|so"
    r"|dylib|dll|exe|o|a|obj|lib|pdb|wasm|pyc|pyo|pyd|whl|egg|woff|woff2|ttf|otf|eot|mp3|mp4|avi|mov"
    r"|mkv|webm|ogg|wav|flac|sqlite|sqlite3|db|parquet|npy|npz|pkl|pickle|onnx|pt|bin|iso|dmg|deb|rpm"
    r"|apk|node|rlib|rmeta|h5|gguf|safetensors"
    r")\Z",
    re.IGNORECASE,
)


def folded(part: str) -> str:
    """One part of a path as the most forgiving file system would compare it."""
    if part.isascii():
        return part.lower().rstrip(". ") or part
    plain = "".join(c for c in unicodedata.normalize("NFKC", part) if unicodedata.category(c) != "Cf")
    return plain.casefold().rstrip(". ") or part


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


_SECRET = _any_of(_SECRET_NAMES)
_PROTECTED = _any_of(_PROTECTED_NAMES)
_MARKED = {reason: _any_of(patterns) for reason, patterns in _MARKED_NAMES.items()}


def is_secret(path: RelPath) -> bool:
    """Whether the name says that credentials are inside: such a file is neither read, listed nor written."""
    *folders, last = map(folded, path.split("/"))
    return not SECRET_FOLDERS.isdisjoint(folders) or is_secret_name(last)


def is_secret_name(last: str) -> bool:
    """As `is_secret`, for the folded name of a file whose folders are known to be none."""
    return _SECRET.match(last) is not None and not last.endswith(".pub")


def protection(path: RelPath) -> str:
    """Why no draft may touch this path, or ``""``: what an editor, git, CI or an interpreter runs unasked."""
    parts = [folded(part) for part in path.split("/")]
    for part in parts:
        if part in _PROTECTED_FOLDERS:
            return f"{part} holds what editors, git or CI run unasked"
    whole = "/".join(parts)
    if any(f"/{prefix}" in f"/{whole}" for prefix in _PROTECTED_PREFIXES):
        return "it is run by CI or read by an editor unasked"
    if _PROTECTED.match(parts[-1]):
        return f"{parts[-1]} is run or obeyed unasked"
    return ""


def mark(path: RelPath) -> str:
    """Why a change of this path deserves a second look, or ``""``."""
    last = folded(path.rpartition("/")[2])
    return next((reason for reason, pattern in _MARKED.items() if pattern.match(last)), "")


def is_dependency(path: RelPath) -> bool:
    """Whether the path lies among installed dependencies: readable though ignored, never writable."""
    folders = path.split("/")[:-1]
    return any(part in DEPENDENCIES or part in MAYBE_VENV for part in folders)


def is_binary_name(path: RelPath) -> bool:
    """Whether the extension says that there is no text inside."""
    return _BINARY.search(path) is not None
