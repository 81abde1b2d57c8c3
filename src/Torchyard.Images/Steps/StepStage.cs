using System.Globalization;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Environments;
using Torchyard.Images.Errors;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Sources;
using Torchyard.Images.Timings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Steps;

/// <summary>Runs a command of the recipe over the layers below it. What it changes is in the upper directory afterwards, cleaned.</summary>
/// <param name="context">The build.</param>
/// <param name="step">The command.</param>
/// <param name="epoch">Time of everything that it makes, seconds since 1970.</param>
internal sealed class StepStage(LayerContext context, RunStep step, long epoch)
{
    // The image's own search path finds the program, and a name that is wrong is an error of the step's and not of the runtime.
    private static readonly string[] Launcher = ["/bin/sh", "-c", "exec \"$@\"", "step"];

    private readonly SortedDictionary<string, string> _environment = EnvironmentOf(context.Locked, step, epoch);

    /// <summary>Digest of what is run, and with which variables.</summary>
    internal Digest Exactly => (step with { Environment = _environment }).Digest;

    /// <summary>Runs it.</summary>
    /// <param name="lower">Layers below, top first.</param>
    /// <param name="number">Which of the recipe's it is, for people.</param>
    /// <returns>The upper directory.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3024: it failed; TY3026: it left what no layer has.</exception>
    internal async Task<string> RunAsync(IReadOnlyList<string> lower, string number)
    {
        var title = VisibleText.Of(step.Title);
        var directory = context.NewDirectory("run");
        var path = Directory.CreateDirectory(Path.Combine(directory, "upper")).FullName;
        var request = new SandboxRequest
        {
            Lower = lower,
            Upper = path,
            Work = Directory.CreateDirectory(Path.Combine(directory, "work")).FullName,
            Arguments = [.. Launcher, .. step.Command],
            Environment = _environment,
        };
        using (var task = context.Progress.Begin($"Running step {number}: {title}"))
        {
            var result = await context.Timings.MeasureAsync(
                BuildWork.Run,
                title,
                () => context.Sandbox.RunAsync(request, context.Cancellation),
                SandboxTime.Of
            );
            if (result.ExitCode != 0)
            {
                throw ImageErrors.StepFailed(number, title, result.ExitCode, result.Tail);
            }

            // Whoever shows it says how long it took.
            task.Done();
        }

        using var upper = new UpperDirectory(path, lower);
        foreach (var told in StepCleanup.Clean(upper, title, epoch))
        {
            context.Progress.Note(told);
        }

        return path;
    }

    /// <summary>The whole environment: nothing of the machine, and what makes tools repeat themselves.</summary>
    private static SortedDictionary<string, string> EnvironmentOf(RecipeLock locked, RunStep step, long epoch)
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = ImageDefaults.Variables(locked.Recipe with { Image = new() }, programs: null, python: null, locked.Base)["PATH"],
            ["HOME"] = "/root",
            ["LANG"] = "C.UTF-8",
            ["LC_ALL"] = "C.UTF-8",
            ["TZ"] = "UTC",
            ["DEBIAN_FRONTEND"] = "noninteractive",
            ["SOURCE_DATE_EPOCH"] = epoch.ToString(CultureInfo.InvariantCulture),
            ["PYTHONHASHSEED"] = "0",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        foreach (var (name, value) in step.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }
}
