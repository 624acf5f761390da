"""Static files, named after a digest of what is in them, so that browsers keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):
    """WhiteNoise's, in which scripts that import each other find each other too."""

    support_js_module_import_aggregation = True
