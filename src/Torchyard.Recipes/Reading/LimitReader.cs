using System.Globalization;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[limits]</c>.</summary>
internal static class LimitReader
{
    private const long LeastMemory = 16L << 20;
    private const long LeastSharedMemory = 1L << 20;
    private const long LeastProcesses = 16;
    private const double LeastCpus = 0.01;
    private const double MostCpus = 8192;

    public static LimitSettings Read(TomlTableReader table)
    {
        var (memory, memoryShare) = Size(table, "memory", LeastMemory);
        var (shared, sharedShare) = Size(table, "shared-memory", LeastSharedMemory);
        var result = new LimitSettings
        {
            Memory = memory,
            MemoryShare = memoryShare,
            Cpus = Cpus(table),
            SharedMemory = shared,
            SharedMemoryShare = sharedShare,
            Processes = table.Whole("processes", LeastProcesses, 4_194_304),
            Gpus = Gpus(table),
            IdleRelease = IdleRelease(table),
        };
        table.Finish();
        if (result is { Memory: { } limit, SharedMemory: { } inside } && inside > limit)
        {
            throw table.Wrong(
                "shared-memory",
                $"shared-memory ({ByteSize.Binary(inside)}) is larger than memory ({ByteSize.Binary(limit)}), which it counts against",
                "lower 'shared-memory' or raise 'memory'",
                "TY1007"
            );
        }

        return result;
    }

    // Which GPUs there are is known where it runs; only the form is checked here.
    private static string? Gpus(TomlTableReader table) =>
        table.Text("gpus") switch
        {
            null => null,
            { Length: > 0 and <= 4096 } text
                when text == text.Trim() && text.All(c => char.IsAsciiLetterOrDigit(c) || c is ',' or ':' or '-' or '=' or '/') => text,
            var other => throw table.Wrong(
                "gpus",
                $"'{other}' names no GPUs",
                "write \"all\", \"none\", a number of free GPUs such as \"2\", or a list such as \"0,1\" or \"GPU-…\""
            ),
        };

    private static TimeSpan? IdleRelease(TomlTableReader table) =>
        table.Text("idle-release") is not { } text ? null
        : IdleTime.Read(text, out var time) is { } wrong ? throw table.Wrong("idle-release", wrong, IdleTime.Cure)
        : time;

    private static double? Cpus(TomlTableReader table)
    {
        var cpus = table.Number("cpus");
        return cpus is null or (>= LeastCpus and <= MostCpus)
            ? cpus
            : throw table.Wrong(
                "cpus",
                string.Create(CultureInfo.InvariantCulture, $"'limits.cpus' is {cpus}"),
                "give a number of CPUs such as 2 or 1.5"
            );
    }

    private static (long? Bytes, double? Share) Size(TomlTableReader table, string key, long least)
    {
        if (table.Text(key) is not { } text)
        {
            return (null, null);
        }

        if (text.EndsWith('%'))
        {
            return
                double.TryParse(text.AsSpan()[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
                && percent is > 0 and <= 100
                ? (null, percent / 100)
                : throw table.Wrong(key, $"'{text}' is not a share", "write a percentage from above 0 to 100, such as \"50%\"");
        }

        if (!ByteSize.TryParse(text, out var bytes))
        {
            throw table.Wrong(key, $"'{text}' is not a size", "write a size such as \"8GiB\" or \"512MiB\", or a share such as \"50%\"");
        }

        return bytes >= least
            ? (bytes, null)
            : throw table.Wrong(key, $"{ByteSize.Binary(bytes)} is too little", $"give at least {ByteSize.Binary(least)}");
    }
}
