using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Platform;

namespace Torchyard.Terminal;

/// <summary>Shows a failure and gives its exit status: what happened, where, what to do; never a stack trace unless asked.</summary>
internal sealed class FailureText(Screen screen, bool verbose, bool json)
{
    private const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;
    private const string DefectCode = "TY9002";

    /// <summary>Shows an expected or unexpected failure.</summary>
    public int Show(Exception failure, string verb = "")
    {
        screen.CloseProgress();
        var expected = failure as TorchyardException ?? FromSystem(failure);
        if (expected is null)
        {
            ShowBug(failure, verb);
            return ExitCode.Failed;
        }

        if (json)
        {
            screen.ErrorLine(JsonText.Of(
                new FailureDocument(FailureDetail.From(expected)), FailureJson.Default.FailureDocument, indented: false));
        }
        else
        {
            ShowText(expected);
        }

        if (verbose)
        {
            screen.ErrorLine(failure.ToString());
        }

        return expected.IsUsage || expected.Location is not null ? ExitCode.Usage : ExitCode.Failed;
    }

    private void ShowText(TorchyardException failure)
    {
        screen.ErrorLine(Style.Red, "error", $" {failure.Code}: {failure.Message}");
        if (failure.Location is { } location)
        {
            screen.ErrorLine($"  at {location}");
            foreach (var line in SourceExcerpt.Of(location))
            {
                screen.ErrorLine($"  {line}");
            }
        }

        screen.ErrorLine(Style.Green, "  cure:", $" {failure.Cure}");
    }

    // Failures of the machine that any verb can meet. The texts of the kernel name the file.
    private static TorchyardException? FromSystem(Exception failure) => failure switch
    {
        AggregateException { InnerExceptions: [var only] } => only as TorchyardException ?? FromSystem(only),
        AggregateException several => several.Flatten().InnerExceptions.OfType<TorchyardException>().FirstOrDefault(),
        IOException { HResult: NoSpaceLeft or QuotaExceeded } full => new TorchyardException(
            "TY9003", Sentence(full), "free space with 'torchyard prune', or choose another disk with --store DIR; then run the same command again", full),
        UnauthorizedAccessException denied => new TorchyardException(
            "TY9004", Sentence(denied), "use a directory that belongs to you (--store DIR), or run as the user who owns it", denied),
        IOException io => new TorchyardException(
            "TY9005", Sentence(io), "check the file and the disk named above, then run the same command again", io),
        _ => null,
    };

    private static string Sentence(Exception failure) => failure.Message.TrimEnd('.');

    private void ShowBug(Exception failure, string verb)
    {
        screen.ErrorLine(Style.Red, "error", $" {DefectCode}: {failure.GetType().Name}: {failure.Message}");
        screen.ErrorLine(Style.Green, "  cure:", " this is a defect of Torchyard; nothing of yours was changed half-way, so the command can be repeated.");
        screen.ErrorLine("        Please report it with the lines below and the recipe, if there is one.");
        screen.ErrorLine();
        screen.ErrorLine($"  {ProgramVersion.Text}, {Environment.OSVersion}, verb {verb}");
        screen.ErrorLine(failure.ToString());
    }
}

/// <summary>What <c>--json</c> prints on standard error when a verb failed.</summary>
internal sealed record FailureDocument(FailureDetail Error);

internal sealed record FailureDetail(string Code, string Message, string Cure, string? File, int? Line, int? Column)
{
    public static FailureDetail From(TorchyardException failure) => new(
        failure.Code, failure.Message, failure.Cure, failure.Location?.File, failure.Location?.Line, failure.Location?.Column);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FailureDocument))]
internal sealed partial class FailureJson : JsonSerializerContext;
