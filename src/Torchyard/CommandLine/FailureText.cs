using System.Text.Json.Serialization;
using Torchyard.Containers.Launch;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>Shows a failure and gives its exit status: what happened, where, what to do; never a stack trace unless asked.</summary>
/// <param name="screen">Where it is shown.</param>
/// <param name="verbose">Show the lower failures, too.</param>
/// <param name="json">One line of JSON in place of text.</param>
/// <param name="runsProgram">The verb ends with the status of a program of the user, from which its own failures must be told.</param>
internal sealed class FailureText(Screen screen, bool verbose, bool json, bool runsProgram = false)
{
    private const string DefectCode = "TY9002";

    /// <summary>Shows an expected or unexpected failure.</summary>
    public int Show(Exception failure, string verb = "")
    {
        screen.CloseProgress();
        var expected = failure as TorchyardException ?? FromSystem(failure);
        if (expected is null)
        {
            ShowBug(failure, verb);
            return runsProgram ? ExitCode.OwnFailure : ExitCode.Failed;
        }

        if (json)
        {
            screen.ErrorLine(
                JsonText.Of(new FailureDocument(FailureDetail.From(expected)), FailureJson.Default.FailureDocument, indented: false)
            );
        }
        else
        {
            ShowText(screen, expected);
        }

        if (verbose)
        {
            screen.ErrorLine(failure.ToString());
        }

        if (runsProgram)
        {
            return StartFailure.ExitCode(expected);
        }

        return expected.IsUsage || expected.Location is not null ? ExitCode.Usage : ExitCode.Failed;
    }

    /// <summary>Shows one failure of several: the form is that of all.</summary>
    internal static void ShowText(Screen screen, TorchyardException failure)
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

        screen.ErrorLine(Style.Green, "  cure:", $" {FailureDetail.CureOf(failure)}");
    }

    // Failures of the machine that any verb can meet. The texts of the kernel name the file.
    private static TorchyardException? FromSystem(Exception failure) =>
        failure switch
        {
            AggregateException { InnerExceptions: [var only] } => only as TorchyardException ?? FromSystem(only),
            AggregateException several => several.Flatten().InnerExceptions.OfType<TorchyardException>().FirstOrDefault(),
            IOException full when FullDisk.Is(full) => new TorchyardException(
                "TY9003",
                Sentence(full) + Inodes(full),
                "free space with 'torchyard prune', or choose another disk with --store DIR; then run the same command again",
                full
            ),
            UnauthorizedAccessException denied => new TorchyardException(
                "TY9004",
                Sentence(denied),
                "use a directory that belongs to you (--store DIR), or run as the user who owns it",
                denied
            ),
            IOException io => new TorchyardException(
                "TY9005",
                Sentence(io),
                "check the file and the disk named above, then run the same command again",
                io
            ),
            _ => null,
        };

    // The runtime's texts end with the path in quotes.
    private static string Inodes(IOException full) =>
        full.Message.Split('\'') is [_, .., var path, _] && path.StartsWith('/') && FileSystemRoom.LacksInodes(path)
            ? $": there are no {FileSystemRoom.Missing(path)} left"
            : "";

    private static string Sentence(Exception failure) => failure.Message.TrimEnd('.');

    private void ShowBug(Exception failure, string verb)
    {
        if (json)
        {
            var detail = new FailureDetail
            {
                Code = DefectCode,
                Message = $"{failure.GetType().Name}: {failure.Message}",
                Cure = $"this is a defect of Torchyard: report it with what --verbose shows of 'torchyard {verb}'",
            };
            screen.ErrorLine(JsonText.Of(new FailureDocument(detail), FailureJson.Default.FailureDocument, indented: false));
            if (verbose)
            {
                screen.ErrorLine(failure.ToString());
            }

            return;
        }

        screen.ErrorLine(Style.Red, "error", $" {DefectCode}: {failure.GetType().Name}: {failure.Message}");
        screen.ErrorLine(
            Style.Green,
            "  cure:",
            " this is a defect of Torchyard; nothing of yours was changed half-way, so the command can be repeated."
        );
        screen.ErrorLine("        Please report it with the lines below and the recipe, if there is one.");
        screen.ErrorLine();
        screen.ErrorLine($"  {ProgramVersion.Text}, {Environment.OSVersion}, verb {verb}");
        screen.ErrorLine(failure.ToString());
    }
}

/// <summary>What <c>--json</c> prints on standard error when a verb failed.</summary>
internal sealed record FailureDocument(FailureDetail Error);

internal sealed record FailureDetail
{
    public required string Code { get; init; }
    public required string Message { get; init; }
    public required string Cure { get; init; }
    public string? File { get; init; }
    public int? Line { get; init; }
    public int? Column { get; init; }

    // Names that begin a cure in capitals.
    private static readonly string[] Names = ["Debian", "Torchyard", "Python", "Jupyter", "Kubernetes", "Slurm"];

    /// <summary>The cure as part of a line: an imperative, which has no capital behind a colon.</summary>
    public static string CureOf(TorchyardException failure) =>
        failure.Cure is [>= 'A' and <= 'Z', >= 'a' and <= 'z', ..] cure
        && !Names.Any(name => cure.StartsWith(name, StringComparison.Ordinal))
            ? char.ToLowerInvariant(cure[0]) + cure[1..]
            : failure.Cure;

    public static FailureDetail From(TorchyardException failure) =>
        new()
        {
            Code = failure.Code,
            Message = failure.Message,
            Cure = CureOf(failure),
            File = failure.Location?.File,
            Line = failure.Location?.Line,
            Column = failure.Location?.Column,
        };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(FailureDocument))]
internal sealed partial class FailureJson : JsonSerializerContext;
