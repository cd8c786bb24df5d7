"""git: the only code that runs it and reads its output.

The user's repository is only read (:class:`Repository`). All work happens in a :class:`Clone`: a temporary
clone that borrows the user's objects and has refs, index and files of its own, so that nothing of the user's is
touched. What was signed is verified, never trusted.
"""

from castoff.git.clone import Clone
from castoff.git.repository import CheckedOut, Repository
from castoff.git.runner import Git
from castoff.git.trees import FolderTree, GitTree
from castoff.model.refs import Refs, TagRef

__all__ = ["CheckedOut", "Clone", "FolderTree", "Git", "GitTree", "Refs", "Repository", "TagRef"]
