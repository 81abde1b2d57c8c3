using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Serialization.Metadata;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Files;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>What a verb gets to work with: the parsed command line, the screen, the caller, the store.</summary>
internal sealed class Invocation
{
    /// <summary>The parsed command line.</summary>
    public required ParseResult Parsed { get; init; }

    /// <summary>The only way to show something.</summary>
    public required Screen Screen { get; init; }

    /// <summary>What flows work with.</summary>
    public required Host Host { get; init; }

    /// <summary>Who calls, from where.</summary>
    public Caller Caller => Host.Caller;

    /// <summary>The store to use.</summary>
    public StorePaths Store => Host.Store;

    /// <summary>Ctrl-C and SIGTERM, for verbs that hand them to the user's program.</summary>
    public required Interruption Interruption { get; init; }

    /// <summary>True when the user asked for <c>--json</c>.</summary>
    public bool Json => Parsed.GetResult(GlobalOptions.Json) is { Implicit: false };

    /// <summary>Value of an option, or its default.</summary>
    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    /// <summary>Value of an argument, or its default.</summary>
    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <summary>True when the first word of an argument stands behind <c>--</c>.</summary>
    public bool IsBehindMark(Argument argument) =>
        Parsed.GetResult(argument)?.Tokens is [var first, ..]
        && Parsed.Tokens.TakeWhile(token => !ReferenceEquals(token, first)).Any(token => token.Type == TokenType.DoubleDash);

    /// <summary>Shows a result: as JSON when asked, else through <paramref name="show"/>.</summary>
    public void Answer<T>(T result, JsonTypeInfo<T> type, Action<T> show)
    {
        if (Json)
        {
            Screen.Json(result, type);
        }
        else
        {
            show(result);
        }
    }
}
