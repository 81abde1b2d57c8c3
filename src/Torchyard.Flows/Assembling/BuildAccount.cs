using System.Globalization;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Timings;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Assembling;

/// <summary>What the user wants to know about a build's time: beside its result, so on standard error.</summary>
/// <param name="Show">Print the account.</param>
/// <param name="Trace">File for every piece of work in Chrome's trace format, absolute; null for none.</param>
internal sealed record BuildAccount(bool Show, string? Trace)
{
    /// <summary>Nothing.</summary>
    public static readonly BuildAccount None = new(false, null);

    /// <summary>The same as options of <c>torchyard build</c>, for a build in a process of its own.</summary>
    public IEnumerable<string> Options()
    {
        if (Show)
        {
            yield return "--timings";
        }

        if (Trace is not null)
        {
            yield return "--trace";
            yield return Trace;
        }
    }

    /// <summary>Prints and writes what is wanted.</summary>
    public void Write(BuildTimings timings, IDialogue dialogue)
    {
        if (Show)
        {
            foreach (var line in Lines(timings))
            {
                dialogue.Say(line);
            }
        }

        if (Trace is not null)
        {
            using var file = File.Create(Trace);
            timings.WriteTrace(file);
        }
    }

    internal static IEnumerable<string> Lines(BuildTimings timings)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{"WORK", -36}{"PIECES", 8}{"CPU s", 9}{"WALL s", 9}   LONGEST");
        var counted = TimeSpan.Zero;
        foreach (var row in timings.Rows())
        {
            counted += row.Cpu;
            yield return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Name(row.Work), -36}{row.Pieces, 8}{row.Cpu.TotalSeconds, 9:0.00}{row.Wall.TotalSeconds, 9:0.00}   "
                        + $"{row.LongestWall.TotalSeconds:0.00} s {row.Longest}"
                )
                .TrimEnd();
        }

        var whole = timings.Whole;
        var cores = Environment.ProcessorCount;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{"all else: sandboxes, bookkeeping", -36}{"", 8}{(whole.Cpu - counted).TotalSeconds, 9:0.00}"
        );
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{"whole build", -36}{"", 8}{whole.Cpu.TotalSeconds, 9:0.00}{whole.Wall.TotalSeconds, 9:0.00}   {Count.Of(cores, "CPU")} "
                + $"{100 * whole.Cpu / (whole.Wall * cores):0} % busy with it"
        );
    }

    internal static string Name(BuildWork work) =>
        work switch
        {
            BuildWork.Fetch => "fetch packages",
            BuildWork.ReadControl => "read control files",
            BuildWork.Unpack => "unpack packages",
            BuildWork.PrepareInterpreter => "unpack the compiling interpreter",
            BuildWork.Compile => "compile Python modules",
            BuildWork.Configure => "configure by dpkg",
            BuildWork.Run => "run steps of the recipe",
            BuildWork.ListChanges => "list what configuring changed",
            BuildWork.Pack => "read back, tar, SHA-256, write",
            BuildWork.Compress => "compress",
            BuildWork.Load => "read packages of finished layers",
            BuildWork.Publish => "put layers in place, clean up",
            _ => work.ToString(),
        };
}
