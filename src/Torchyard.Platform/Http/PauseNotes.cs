using System.Collections.Concurrent;
using System.Globalization;

namespace Torchyard.Platform.Http;

/// <summary>
/// Says that a server is waited for because it asks to be left alone, so that nobody takes the wait for a hang: once for all downloads
/// that wait for the same host.
/// </summary>
/// <param name="say">Gets one line.</param>
/// <param name="clock">The clock of the pauses.</param>
public sealed class PauseNotes(Action<string> say, TimeProvider clock)
{
    // Nobody wonders before.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _saidUntil = new(StringComparer.Ordinal);

    /// <summary>A pause begins.</summary>
    /// <param name="address">What is asked for again afterwards.</param>
    /// <param name="pause">How long the server asked for.</param>
    internal void Begin(Uri address, TimeSpan pause)
    {
        if (pause < Shortest)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var until = now + pause;
        var isNew = false;
        _saidUntil.AddOrUpdate(
            address.Authority,
            _ =>
            {
                isNew = true;
                return until;
            },
            (_, said) =>
            {
                isNew = said <= now;
                return isNew ? until : said;
            }
        );
        if (isNew)
        {
            say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{address.Authority} asks to wait {Math.Ceiling(pause.TotalSeconds):0} s: waiting"
                )
            );
        }
    }
}
