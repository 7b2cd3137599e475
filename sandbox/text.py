"""`make text`: a customer answers an SMS of the running server, as Twilio would bring it.

    make text ARGS=1                              "1" to the Hebrew demo clinic: the appointment is confirmed
    make text ARGS="2 --business office"          "2" to the English demo office: it is cancelled
    make text ARGS="'אפשר לבוא עם הכלב?' --from +972521112222 --whatsapp"

What the server sends stands in the terminal of `make run`. An answer counts when a message about an appointment was
sent to the number before: book one with `make call`.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from app.settings import SettingsError, load_settings
from sandbox.call import NUMBERS
from sandbox.twilio.texting import text


def main() -> int:
    arguments, console = _arguments(), Console()
    try:
        settings = load_settings()
    except SettingsError as error:
        console.print(f"[red]{error}[/]")
        return 1
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
    answer = text(
        arguments.url,
        frm=arguments.frm,
        to=arguments.to or NUMBERS[arguments.business],
        body=arguments.body,
        channel="whatsapp" if arguments.whatsapp else "sms",
        public_base=settings.public_base_url,
        auth_token=token,
    )
    if answer.status != 200:
        reason = f"it answered {answer.status}" if answer.status else "nothing answers there; start it with make run"
        console.print(f"[red]Not taken by {arguments.url}:[/] {reason}")
        return 1
    console.print(f"[green]{arguments.frm}[/]  {arguments.body}", highlight=False, soft_wrap=True)
    for reply in answer.replies:
        console.print(f"[cyan]reply[/]  {reply}", highlight=False, soft_wrap=True)
    if not answer.replies:
        console.print("[dim]no reply[/]")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make text", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("body", help="what the customer writes")
    parser.add_argument("--business", choices=sorted(NUMBERS), default="clinic", help="which demo (default clinic)")
    parser.add_argument("--to", help="any other number of a business, E.164")
    parser.add_argument("--from", dest="frm", default="+972501234567", help="the customer's number")
    parser.add_argument("--whatsapp", action="store_true", help="by WhatsApp")
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="the server (default %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
