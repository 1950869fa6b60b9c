"""Says where the search after an erasure looks."""

from collections.abc import Callable, Sequence

from app.adapters.db.engine.connect import sqlite_file
from app.adapters.searches.files import FileSearch
from app.adapters.searches.memory import CacheSearch, IndexSearch
from app.core.people.certificates import Search
from app.core.people.traces import Traces
from app.services.imports.import_desk import ImportDesk
from app.services.imports.import_search import ImportSearch
from app.services.people.gallery import Gallery
from app.services.people.portraits import Portraits
from app.wiring.backbone import Backbone


def searches(
    backbone: Backbone, gallery: Gallery, portraits: Portraits, imports: ImportDesk
) -> tuple[Sequence[Search], Sequence[Callable[[Traces], None]]]:
    """The searches, and what makes this process's caches let go first."""
    settings, store, vault = backbone.settings, backbone.store, backbone.vault
    database = sqlite_file(settings.url)
    files = FileSearch(
        settings.data,
        (settings.checkpoints, settings.erasures, settings.key_file),
        () if database is None else (database,),
        vault.knows_any,
    )
    caches = CacheSearch({"people": store.people.kept, "portraits": portraits.kept})

    def faces(traces: Traces) -> None:
        with store.read() as tx:
            gallery.refresh(tx)
        gallery.index.sweep()

    def pictures(traces: Traces) -> None:
        portraits.let_go(traces.ids)

    of_imports = ImportSearch(store, vault, imports, imports.sealed)
    return (store.remains, IndexSearch(gallery.index), caches, of_imports, files), (faces, pictures)
