"""Thousands of questions and story changes with faults on, against the bot as a process of its own.

    python -m bench.soak [--operations 10000] [--minutes 60]

The bot runs as `storydesk run` starts it, on the loopback Discord of the tests. Questions by command and by
mention, lookups, buttons, settings, and stories that are added, updated, renamed, removed and brought back come
in waves; meanwhile routes fail with 500 and 429, the gateway drops and resumes, sessions are lost, and the bot
is restarted. Afterwards: nothing lost, nothing answered twice, the stories are those that were acknowledged, no
task and no file handle too many, and memory as it was after the first fifth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import resident_megabytes

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    import simcord

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

QUESTIONS = (
    "How many cables have cracks{0}?",
    "how many steel cables are cracked{0}",
    "When does the harbour bridge{0} close?",
    "on which day will they shut the bridge{0}",
    "What did the engineers find{0}?",
    "Who found cracks{0}?",
    "hi all, quick one. which bridge closes on day {1}? thanks",
    "Who won the tennis in Paris{0}?",
)
"""Asked of the bridges that there are: `{0}` is "" or " of place 7", `{1}` a day. One in eight is of something else."""
_WAVE = 12
_SEED = 20261124
_FAULTS = (
    ("POST", "/channels/*/messages"),
    ("POST", "/interactions/*/*/callback"),
    ("PATCH", "/webhooks/*/*/messages/@original"),
    ("POST", "/channels/*/typing"),
)
_BUTTONS = ("In context", "More passages", "Helpful", "Not helpful")
_STATE_SECONDS = 0.5
_LOOKS = 4  # events and commands whose replies came already end within a second; with one look 15 tasks stood for 8
_GROWTH = 1.1  # of what is in memory, after the first fifth of a run


@dataclass
class Tally:
    """What became of all that was done."""

    done: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    twice: int = 0
    late: int = 0
    bugs: list[str] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)


@dataclass
class Stories:
    """The stories that the guild has, as far as they were acknowledged: their names by a number of ours."""

    named: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def text(self, number: int) -> bytes:
        """Return a text that no other story has."""
        self.count += 1
        return (
            f"# {self.named[number]}\n\nThe harbour bridge of place {number} closes on day {self.count}.\n\n"
            f"Engineers found cracks in {10 + self.count} steel cables. Version {self.count} says so."
        ).encode()


class Soak:
    """One run: a Discord, a bot, and what is done with them."""

    def __init__(self, server: Any, folder: Path) -> None:  # noqa: ANN401 - a server of the tests
        """Use a server, and a folder for what the bot keeps."""
        self.server = server
        self.folder = folder
        self.state = folder / "state.json"
        self.random = random.Random(_SEED)  # noqa: S311 - what is done when, nothing secret
        self.tally = Tally()
        self.stories = Stories()
        self.answers: list[simcord.ResponseMessage] = []

    async def run(self, operations: int, seconds: float, *, restarts: int) -> None:
        """Do so many operations, or as many as fit into the time."""
        from discord_crowd import chief_of

        guild = self.server.world.create_guild("Newsroom")
        self.chief = chief_of(self.server)
        self.members = [guild.add_member(self.server.world.create_user(f"member{n}")) for n in range(_WAVE)]
        self.channel = guild.create_text_channel("room")
        ends = time.monotonic() + seconds
        waves = -(-operations // _WAVE)
        for part in range(restarts + 1):
            command = (sys.executable, "-W", "ignore", "-m", "bench.soak", "--bot", str(self.state))
            environment = {
                "STORYDESK_STORAGE__FOLDER": str(self.folder),
                "STORYDESK_LOG__LEVEL": "ERROR",
                "STORYDESK_LIBRARY__FILES_AN_HOUR": str(operations),
            }
            async with self.server.process(*command, env=environment) as process:
                await self._settled(self.server.answer(await self.chief.slash(self.channel, "ask", question="who?")))
                for wave in range(part * waves // (restarts + 1), (part + 1) * waves // (restarts + 1)):
                    if time.monotonic() > ends:
                        break
                    await self._wave(wave)
                    if wave % 20 == 19:
                        await self._sample(process)
                await self._sample(process)
                self.tally.done["restarts"] += part < restarts

    async def _wave(self, number: int) -> None:
        """Do a dozen things at once, one of them with the stories, and wait for what comes of all of them."""
        if number % 20 == 0:
            self.channel = self.server.world.guild.create_text_channel(f"room-{number}")
            self.answers.clear()
        self.server.requests.clear()
        await self._fault(number)
        before = len(self.channel.history())
        under_way = [self._question(member) for member in self.members[:-1]]
        under_way.append(self._story_change())
        await asyncio.gather(*under_way)
        self._count_twice(before)

    async def _fault(self, number: int) -> None:
        if number % 3 == 0:
            method, path = self.random.choice(_FAULTS)
            if self.random.random() < 0.5:
                self.server.fail(method, path, status=429, body={"retry_after": 0.3, "global": False})
            else:
                self.server.fail(method, path, status=self.random.choice((500, 502)), times=1)
            self.tally.done["faults"] += 1
        if number % 15 == 7:
            await self.server.disconnect(forget=number % 30 == 7)
            self.tally.done["gateway drops"] += 1
            await self.server.until(lambda: self.server.online)

    async def _question(self, member: simcord.MemberActor) -> None:
        from discord_desk import buttons_of

        place = self.random.choice([0, *self.stories.named])
        asked_of = f" of place {place}" if place else ""
        day = self.random.randrange(self.stories.count + 1)
        question = self.random.choice(QUESTIONS).format(asked_of, day) + "?" * self.random.randrange(3)
        way = self.random.choices(("ask", "mention", "lookup", "private", "button", "list"), (40, 30, 8, 8, 12, 2))[0]
        if way == "mention":
            message = await member.send(self.channel, f"{self.server.mention} {question}")
            await self._told(way, self.server.reply(message))
        elif way == "button" and self.answers:
            answer = self.random.choice(self.answers)
            labels = [one["label"] for one in buttons_of(answer.components) if one.get("label") in _BUTTONS]
            if labels:
                pressed = await member.click(answer, label=self.random.choice(labels))
                await self._told("button", self.server.answer(pressed))
            else:
                self.tally.done["no button to press"] += 1
        elif way == "lookup":
            await self._told(way, self.server.answer(await member.slash(self.channel, "lookup", query=question)))
        elif way == "list":
            await self._told(way, self.server.answer(await member.slash(self.channel, "story list")))
        else:
            options = {"private": True} if way == "private" else {}
            asked = await member.slash(self.channel, "ask", question=question, **options)
            answer = await self._told("ask", self.server.answer(asked))
            if answer is not None and not options:
                self.answers.append(answer)

    async def _story_change(self) -> None:
        """Change a story or a setting, and keep in mind what was acknowledged."""
        known = self.stories.named
        kind = self.random.choices(("add", "update", "rename", "remove", "listen", "follow"), (3, 4, 2, 2, 2, 1))[0]
        if kind == "follow":
            followed = await self.chief.slash(self.channel, "story follow", story="http://127.0.0.1/feed")
            await self._told(kind, self.server.answer(followed))
        elif kind == "listen":
            listening = await self.chief.slash(self.channel, "desk listen", channel=self.channel)
            await self._told(kind, self.server.answer(listening))
        elif kind == "add" or len(known) < 3:
            number = self.stories.count + 1
            known[number] = f"Bridge {number}"
            added = await self.chief.slash(self.channel, "story add", file=("b.md", self.stories.text(number)))
            await self._acknowledged("add", added)
        else:
            await self._change_known(kind, self.random.choice(list(known)))

    async def _change_known(self, kind: str, number: int) -> None:
        known, name = self.stories.named, self.stories.named[number]
        if kind == "update":
            file = ("b.md", self.stories.text(number))
            await self._acknowledged(kind, await self.chief.slash(self.channel, "story update", story=name, file=file))
        elif kind == "rename":
            known[number] = f"{name.partition(' (')[0]} ({self.stories.count})"
            renamed = await self.chief.slash(self.channel, "story rename", story=name, name=known[number])
            await self._acknowledged(kind, renamed)
        else:
            asked = await self.server.answer(await self.chief.slash(self.channel, "story remove", story=name))
            pressed = await self.chief.click(asked, label="Remove")
            await self._acknowledged(kind, pressed)
            del known[number]

    async def _acknowledged(self, kind: str, result: simcord.InteractionResult) -> None:
        """Wait until a change is acknowledged; one that is not is a loss."""
        answer = await self._told(kind, self.server.answer(result))
        if answer is not None:
            await self._settled(self.server.until(lambda: "✔" in self.server.text(answer)), f"{kind} not acknowledged")

    async def _told(self, kind: str, coming: Any) -> Any:  # noqa: ANN401 - a message of either kind
        """Wait for what a member is told."""
        self.tally.done[kind] += 1
        told = await self._settled(coming, kind)
        if told is not None and kind in ("ask", "mention") and "> " in self.server.text(told):
            self.tally.done["replies with a quote"] += 1
        if told is not None and "Something went wrong on my side" in self.server.text(told):
            self.tally.bugs.append(f"{kind}: {self.server.text(told)}")
        return told

    async def _settled(self, coming: Any, kind: str = "first") -> Any:  # noqa: ANN401 - as above
        try:
            return await coming
        except TimeoutError:
            if self._answered_below():
                self.tally.late += 1
            else:
                self.tally.lost.append(kind)
            return None

    def _answered_below(self) -> bool:
        """Say whether more answers than were counted stand alone in the channel: those to commands Discord gave up."""
        ours = self.server.world.backend.bot_user.id
        alone = [
            one
            for one in self.channel.history()
            if one.author.id == ours and one.reference is None and one.interaction_metadata is None
        ]
        return len(alone) > self.tally.late

    def _count_twice(self, before: int) -> None:
        replies = Counter(
            one.reference.message_id for one in self.channel.history()[before:] if one.reference is not None
        )
        self.tally.twice += sum(count > 1 for count in replies.values())

    async def _sample(self, process: Process) -> None:
        """Note what the bot holds while nothing is under way: the look with the fewest tasks of a few."""
        looks = []
        for _ in range(_LOOKS):
            await asyncio.sleep(2 * _STATE_SECONDS)
            looks.append(held_by(process.pid) | json.loads(self.state.read_text()))
        self.tally.samples.append(min(looks, key=lambda look: look["tasks"]))

    def wrong(self) -> list[str]:
        """Return which invariants do not hold."""
        tally, wrong = self.tally, []
        if tally.lost:
            wrong.append(f"lost: {Counter(tally.lost)}")
        if tally.twice:
            wrong.append(f"answered twice: {tally.twice}")
        if tally.bugs:
            wrong.append(f"bugs: {tally.bugs[:3]}")
        with sqlite3.connect(self.folder / "storydesk.db") as database:
            rows = database.execute("SELECT name FROM stories WHERE removed_at IS NULL").fetchall()
        there = sorted(name for (name,) in rows)
        if there != sorted(self.stories.named.values()):
            wrong.append(f"stories: {there} instead of {sorted(self.stories.named.values())}")
        if 4 * tally.done["replies with a quote"] < tally.done["ask"] + tally.done["mention"]:
            wrong.append(f"only {tally.done['replies with a quote']} of the questions were answered with a quote")
        for pid in dict.fromkeys(sample["pid"] for sample in tally.samples):
            wrong += _grown([sample for sample in tally.samples if sample["pid"] == pid])
        return wrong


def _grown(samples: list[dict[str, float]]) -> list[str]:
    """Return of what a process holds more at its end than after its first fifth; a few tasks and files may come."""
    warm, last = samples[len(samples) // 5], samples[-1]
    most = {"tasks": warm["tasks"] + 3, "files": warm["files"] + 5, "megabytes": _GROWTH * warm["megabytes"]}
    return [
        f"{name} of process {last['pid']:.0f}: {warm[name]:.0f} after a fifth, {last[name]:.0f} at the end"
        for name in most
        if last[name] > most[name]
    ]


def held_by(pid: int) -> dict[str, float]:
    """Return how many file handles a process has open, and how much of it is in memory."""
    return {"pid": pid, "files": len(list(Path(f"/proc/{pid}/fd").iterdir())), "megabytes": resident_megabytes(pid)}


async def soak(operations: int, seconds: float = 3600, *, restarts: int = 3, patience: float = 60) -> Soak:
    """Run a soak in a folder of its own, and return it."""
    from discord_server import DiscordServer

    with tempfile.TemporaryDirectory() as name:
        async with DiscordServer(patience=patience) as server:
            run = Soak(server, Path(name))
            await run.run(operations, seconds, restarts=restarts)
        run.tally.done["wrong"] = len(found := run.wrong())
        run.tally.lost += found
        return run


def run_watched(state: Path) -> None:
    """Run the bot, and keep in a file how many tasks it has."""
    from bot import running
    from bot.config import discord_token, load_config
    from bot.opening import find_story

    config = load_config()
    run = running._run  # noqa: SLF001 - looked at from inside

    async def watched(*args: object) -> None:
        watching = asyncio.create_task(_watch(state))
        try:
            await run(*args)  # type: ignore[arg-type]
        finally:
            watching.cancel()

    running._run = watched  # type: ignore[assignment]  # noqa: SLF001 - as above
    running.run_bot(config, find_story(None, config), discord_token())


async def _watch(state: Path) -> None:
    while True:
        aside = state.with_suffix(".new")
        aside.write_text(json.dumps({"tasks": len(asyncio.all_tasks())}))
        aside.replace(state)
        await asyncio.sleep(_STATE_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--bot", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bot:
        run_watched(options.bot)
        return
    began = time.perf_counter()
    run = asyncio.run(soak(options.operations, 60 * options.minutes))
    minutes = (time.perf_counter() - began) / 60
    print(f"in {minutes:.1f} minutes: {dict(run.tally.done)}; late {run.tally.late}, twice {run.tally.twice}")
    for sample in run.tally.samples:
        print("  " + ", ".join(f"{name} {value:.0f}" for name, value in sample.items()))
    if run.tally.lost:
        sys.exit("\n".join(["wrong:", *map(str, run.tally.lost)]))
    print("everything accounted for")


if __name__ == "__main__":
    main()
