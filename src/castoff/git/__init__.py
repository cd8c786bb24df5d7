"""What does git say, and how does castoff write to it?

The user's repository is only read (:class:`Repository`). All work happens in a :class:`Worktree`: a temporary
clone that borrows the user's objects and has refs, index and files of its own, so that nothing of the user's is
touched. What was signed is verified, never trusted.
"""

from castoff.git.calling import Git
from castoff.git.repository import Repository
from castoff.git.trees import FolderTree, GitTree
from castoff.git.worktree import Worktree
from castoff.model.refs import Refs, TagRef

__all__ = ["FolderTree", "Git", "GitTree", "Refs", "Repository", "TagRef", "Worktree"]
