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
    public const int MaxBytes = 32 << 20;

    /// <summary>Most machines that a fleet file may name.</summary>
    public const int MaxMachines = 100_000;

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
            throw Wrong("TY5202", $"{file} has more than {MaxBytes} bytes", "give each part of the fleet a file of its own");
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
            driver = DriverText.TryParse(text, tables, out var version, out var problem)
                ? version
                : throw Wrong("TY5204", $"{file}: {name}: {problem.Message}", problem.Cure);
        }

        var written = table.Text("architecture");
        var named = written is null
            ? null
            : MachineArchitecture.Parse(written)
                ?? throw Wrong("TY5204", $"{file}: '{written}' is not an architecture", "use x86_64 (amd64) or aarch64 (arm64)");
        var architecture = MachineArchitecture.Of(named, gpus, "x86_64", out var wrong);
        if (wrong is not null)
        {
            throw Wrong(
                "TY5204",
                $"{file}: {name} has {wrong.Name}, which is in {wrong.Host} machines only",
                $"write architecture = \"{wrong.Host}\""
            );
        }

        return new FitTarget
        {
            Name = name,
            Gpus = gpus,
            Driver = driver,
            Architecture = architecture,
        };
    }

    /// <summary>
    /// A GPU by a name that a user writes: a model such as <c>h100</c>, a product name or PCI id of the device list, or a capability such
    /// as <c>sm_90</c>; null when it is not known.
    /// </summary>
    public static TargetGpu? Gpu(string name, FitTables tables) => GpuReader.Read(name, tables);

    /// <summary>What to know of the machines of a fleet: names that are given twice.</summary>
    public static IEnumerable<string> Notes(IReadOnlyList<FitTarget> machines) =>
        machines
            .GroupBy(machine => machine.Name, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Take(10)
            .Select(group => $"the fleet file names the machine {group.Key} {Count.Of(group.Count(), "time")}");

    /// <summary>The names that <see cref="Gpu"/> knows, for messages.</summary>
    public static string Known(FitTables tables) =>
        string.Join(", ", tables.Models.Select(model => model.Id))
        + ", a product name or PCI id (10de:2330), or a capability such as sm_90";

    private static TorchyardException Wrong(string code, string message, string cure) => new(code, message, cure) { IsUsage = true };
}
