"""setuptools, which puts data files into an editable install, too.

Before it does so it asks the distribution whether it `has_data`; the method is called `has_data_files`.
"""

from setuptools import Distribution
from setuptools.build_meta import *  # noqa: F403

Distribution.has_data = Distribution.has_data_files
