"""What spans claim about traces that turned out to be a part of others (docs/causality.md, "Pools")."""

import dataclasses


def claimed(span):
    """(trace id, span id) of the parent that a span without one claims; None: it claims nothing."""
    found = span.attributes.get("clew.alias.trace_id"), span.attributes.get("clew.alias.span_id")
    return found if all(found) and not span.parent_id else None


def resolve(spans):
    """The spans as a store shows them that joins traces: the claiming span gets its parent, its trace the parent's id.

    Claims that lead in a circle stay what they are.
    """
    claims = {span.trace_id: claimed(span) for span in spans if claimed(span)}

    def root(trace_id):
        seen = []
        while trace_id in claims and trace_id not in seen:
            seen.append(trace_id)
            trace_id = claims[trace_id][0]
        return seen[0] if trace_id in seen else trace_id

    return [
        dataclasses.replace(
            span,
            trace_id=root(span.trace_id),
            parent_id=claimed(span)[1] if claimed(span) and root(span.trace_id) != span.trace_id else span.parent_id,
        )
        for span in spans
    ]
