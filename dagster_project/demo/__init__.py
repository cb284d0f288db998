"""The demo room: a made-up coffee network whose exports look like real tills', and the truth about it.

Here: people and their habits, what they bought, how each till would have exported it, and the mess
real exports have. Not here: anything that reads exports; the pipeline knows the demo only as a
network.yaml and a landing zone, and never sees the truth folder.

    plan -> people -> orders -> records -> square, toast, clover, shopify, canonical, directories
                                        -> headquarters, conversations, surroundings, decisions -> mess -> write

Up to five locations have Square and canonical tills alone; a larger network has all of them.
"""

from dagster_project.demo.write import DemoSummary, write_demo

__all__ = ["DemoSummary", "write_demo"]
