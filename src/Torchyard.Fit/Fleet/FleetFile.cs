using Torchyard.Fit.Data;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;

namespace Torchyard.Fit.Fleet;

/// <summary>
/// A fleet file: TOML with one <c>[[machine]]</c> table for each kind of machine, with <c>name</c>, <c>gpus</c> (model names),
/// <c>driver</c> and <c>architecture</c>. docs/fit.md has the format.
/// </summary>
public static class FleetFile
{
    /// <summary>Largest fleet file that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private const int MaxMachines = 4096;

    /// <summary>Reads a fleet file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="file">The path as the user gave it, for error messages.</param>
    /// <param name="tables">The facts.</param>
    /// <exception cref="TorchyardException">TY5201: it cannot be read; as <see cref="Parse"/>.</exception>
    public static IReadOnlyList<FitTarget> ReadFile(string path, string file, FitTables tables) =>
        ReadFile(() => new FileInfo(path).Length <= MaxBytes ? File.ReadAllBytes(path) : new byte[MaxBytes + 1], file, tables);

    /// <summary>As above, for a file that somebody else reads.</summary>
    /// <param name="read">Gives the content.</param>
    /// <param name="file">The path as the user gave it, for error messages.</param>
    /// <param name="tables">The facts.</param>
    /// <exception cref="TorchyardException">TY5201: it cannot be read; as <see cref="Parse"/>.</exception>
    public static IReadOnlyList<FitTarget> ReadFile(Func<byte[]> read, string file, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            return Parse(read(), file, tables);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var why = failure is FileNotFoundException or DirectoryNotFoundException
                ? "there is no such file"
                : failure.Message.TrimEnd('.');
            throw new TorchyardException("TY5201", $"{file} cannot be read: {why}", "check the path", failure) { IsUsage = true };
        }
    }

    /// <summary>Reads a fleet file.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <param name="file">Its path, for error messages.</param>
    /// <param name="tables">The facts.</param>
    /// <exception cref="TorchyardException">TY5201 no TOML; TY5202 no machine, or too many; TY5203 an unknown GPU; TY5204 a wrong version
    /// or architecture.</exception>
    public static IReadOnlyList<FitTarget> Parse(ReadOnlySpan<byte> content, string file, FitTables tables)
    {
        if (content.Length > MaxBytes)
        {
            throw Wrong("TY5202", $"{file} has more than {MaxBytes} bytes", "a fleet file lists kinds of machines, not machines");
        }

        var asked = new HashSet<string>(StringComparer.Ordinal);
        var root = TomlDocument.Parse(
            content,
            file,
            "TY5201",
            "write it as docs/fit.md shows: one [[machine]] table for each kind of machine"
        );
        var reader = new TomlTableReader(root, "", file, asked);
        var machines = new List<FitTarget>();
        foreach (var table in reader.Tables("machine"))
        {
            machines.Add(Machine(table, machines.Count + 1, file, tables));
            table.Finish();
        }

        reader.Finish();
        if (machines.Count is 0 or > MaxMachines)
        {
            throw Wrong("TY5202", $"{file} names {Count.Of(machines.Count, "machine")}", $"add one to {MaxMachines} [[machine]] tables");
        }

        return machines;
    }

    private static FitTarget Machine(TomlTableReader table, int number, string file, FitTables tables)
    {
        var name = table.Text("name") ?? $"machine {number}";
        var gpus = new List<TargetGpu>();
        foreach (var gpu in table.Texts("gpus") ?? [])
        {
            gpus.Add(
                Gpu(gpu, tables)
                    ?? throw Wrong("TY5203", $"{file}: {name} has the GPU '{gpu}', which is not known", $"use one of {Known(tables)}")
            );
        }

        DottedVersion? driver = null;
        if (table.Text("driver") is { } text)
        {
            driver = DottedVersion.TryParse(text, out var version)
                ? version
                : throw Wrong("TY5204", $"{file}: '{text}' is not a driver version", "write it like driver = \"535.183.01\"");
        }

        var architecture = table.Text("architecture") ?? "x86_64";
        if (architecture is not ("x86_64" or "aarch64"))
        {
            throw Wrong("TY5204", $"{file}: '{architecture}' is not an architecture", "use x86_64 or aarch64");
        }

        return new FitTarget
        {
            Name = name,
            Gpus = gpus,
            Driver = driver,
            Architecture = architecture,
        };
    }

    /// <summary>A GPU by a name that a user writes, <c>h100</c> or <c>sm_90</c>; null when it is not known.</summary>
    public static TargetGpu? Gpu(string name, FitTables tables)
    {
        if (tables.FindModel(name) is { } model)
        {
            return new TargetGpu(model.Name, model.Capability, model.Class, model.Brand);
        }

        return
            name.StartsWith("sm_", StringComparison.OrdinalIgnoreCase)
            && name.Length is 5 or 6
            && name.AsSpan(3).IndexOfAnyExceptInRange('0', '9') < 0
            ? new TargetGpu(name.ToLowerInvariant(), DottedVersion.Parse($"{name[3..^1]}.{name[^1]}"), GpuClass.Unknown)
            : null;
    }

    /// <summary>The names that <see cref="Gpu"/> knows, for messages.</summary>
    public static string Known(FitTables tables) =>
        string.Join(", ", tables.Models.Select(model => model.Id)) + ", or a capability such as sm_90";

    private static TorchyardException Wrong(string code, string message, string cure) => new(code, message, cure) { IsUsage = true };
}
