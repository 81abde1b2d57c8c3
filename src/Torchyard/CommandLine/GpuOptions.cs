using System.CommandLine;
using Torchyard.Reports.Overview;
using Torchyard.Reports.Verdicts;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>What the verbs about GPUs have in common.</summary>
internal static class GpuOptions
{
    /// <summary>Where cuBLASLt and NCCL are, when they are in no usual place.</summary>
    public static Option<string[]> Libraries { get; } =
        new("--libraries") { Description = "Directory with cuBLASLt or NCCL, searched first; may be repeated", HelpName = "DIR" };

    /// <summary>This machine.</summary>
    public static GpuMachine Machine(Invocation invocation) => invocation.Host.Gpus(LibraryDirectories(invocation));

    /// <summary>The directories of <see cref="Libraries"/>; none where the verb has no such option.</summary>
    public static IReadOnlyList<string> LibraryDirectories(Invocation invocation) =>
        [
            .. (invocation.Parsed.GetResult(Libraries) is null ? null : invocation.Get(Libraries) ?? [])?.Select(invocation.Caller.FullPath)
                ?? [],
        ];

    /// <summary>Shows a verdict with its reasons.</summary>
    public static void Show(Verdict verdict, Screen screen)
    {
        screen.Line($"{(verdict.Good ? "good" : "not good")}: {verdict.Text}");
        foreach (var reason in verdict.Reasons)
        {
            screen.Line($"  {reason}");
        }
    }
}
