using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Fit.Answer;

/// <summary>A question as a user writes it: texts that are read, checked, and completed from the machine.</summary>
public sealed record FitQuestion
{
    /// <summary>PyTorch: <c>2.9</c>, <c>2.9.1</c> or a specifier; null for the default line.</summary>
    public string? Torch { get; init; }

    /// <summary>Build such as <c>cu128</c>.</summary>
    public string? Build { get; init; }

    /// <summary>Driver version, or <c>none</c>; null for the machine's.</summary>
    public string? Driver { get; init; }

    /// <summary>GPU models, or <c>none</c>; empty for the machine's.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>CPython, e.g. <c>3.12</c>.</summary>
    public string? Python { get; init; }

    /// <summary>glibc of the image; null for that of the base.</summary>
    public string? Glibc { get; init; }

    /// <summary>Base system of the image, an id of <c>base-systems.json</c>.</summary>
    public string Base { get; init; } = "debian:13";

    /// <summary>Machine architecture; null for this machine's.</summary>
    public string? Architecture { get; init; }

    /// <summary>Number formats that must run.</summary>
    public IReadOnlyList<string> Precisions { get; init; } = [];

    /// <summary>Reads the question.</summary>
    /// <param name="machine">What this machine shows, for what the user left out.</param>
    /// <param name="machineName">Its name.</param>
    /// <param name="machineArchitecture">Its architecture, <c>x86_64</c> or <c>aarch64</c>.</param>
    /// <param name="fleet">Machines of a fleet file, instead of this one; null for none.</param>
    /// <param name="tables">The facts.</param>
    /// <exception cref="TorchyardException">TY5203, TY5204, TY5205: a text is not what it must be.</exception>
    public (FitRequest Request, IReadOnlyList<FitTarget> Targets) Read(
        MachineGpus machine,
        string machineName,
        string machineArchitecture,
        IReadOnlyList<FitTarget>? fleet,
        FitTables tables
    )
    {
        var system = tables.Systems.FirstOrDefault(row => row.Id == Base)
            ?? throw Wrong(
                "TY5205",
                $"'{Base}' is not a base system that is known",
                $"use one of {string.Join(", ", tables.Systems.Select(row => row.Id))}"
            );
        var request = new FitRequest
        {
            Torch = Torch is null ? null : ReadTorch(Torch),
            Build = Build is null ? null : ReadBuild(Build, tables),
            Python = Python is null ? null : ReadPython(Python),
            Glibc = Glibc is null ? system.Glibc : ReadVersion(Glibc, "glibc", "2.31"),
            GlibcOrigin = Glibc is null ? system.Name : "as asked",
            PreferredPython = system.Python,
            Precisions = [.. Precisions.Select(ReadPrecision)],
        };
        if (fleet is not null && (Gpus.Count > 0 || Driver is not null || Architecture is not null))
        {
            throw Wrong(
                "TY5204",
                "a fleet file names the machines with their GPUs, drivers and architectures, and so do --gpu, --driver and --arch",
                "leave out either; what is to be added can be a [[machine]] of the file"
            );
        }

        return (request, fleet ?? [ReadMachine(machine, machineName, machineArchitecture, tables)]);
    }

    private FitTarget ReadMachine(MachineGpus machine, string name, string architecture, FitTables tables)
    {
        var gpus = Gpus switch
        {
            [] => machine.Gpus,
            ["none"] => [],
            _ =>
            [
                .. Gpus.Select(gpu =>
                    FleetFile.Gpu(gpu, tables)
                    ?? throw Wrong("TY5203", $"the GPU '{gpu}' is not known", $"use one of {FleetFile.Known(tables)}")
                ),
            ],
        };
        var named = Architecture is null
            ? null
            : MachineArchitecture.Parse(Architecture)
                ?? throw Wrong(
                    "TY5204",
                    $"'{Architecture}' is not an architecture that PyTorch has CUDA wheels for",
                    "use x86_64 (amd64) or aarch64 (arm64)"
                );
        var chosen = MachineArchitecture.Of(named, gpus, architecture, out var wrong);
        if (wrong is not null)
        {
            throw Wrong(
                "TY5204",
                $"{wrong.Name} is in {wrong.Host} machines only, not in {chosen} ones",
                "leave --arch out, or name another GPU"
            );
        }

        return new FitTarget
        {
            Name = Gpus.Count == 0 && Driver is null ? name : "the machine asked for",
            Gpus = gpus,
            // A driver of this machine says nothing about another machine's GPUs.
            Driver = Driver switch
            {
                null => Gpus.Count == 0 ? machine.Driver : null,
                "none" => null,
                _ => DriverText.TryParse(Driver, tables, out var driver, out var problem)
                    ? driver
                    : throw Wrong("TY5204", problem.Message, problem.Cure),
            },
            Architecture = chosen,
        };
    }

    private static VersionSpecifierSet ReadTorch(string text) =>
        FitRequest.TryParseTorch(text, out var torch)
            ? torch
            : throw Wrong("TY5204", $"'{text}' is not a PyTorch version", "write 2.9, 2.9.1 or a range such as \">=2.8,<2.11\"");

    private static string ReadBuild(string text, FitTables tables)
    {
        var builds = tables
            .Builds.Concat(tables.DebianBuilds)
            .Select(row => row.Build)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        return builds.Contains(text, StringComparer.Ordinal)
            ? text
            : throw Wrong("TY5205", $"'{text}' is not a PyTorch build that is known", $"use one of {string.Join(", ", builds)}");
    }

    private static string ReadPython(string text)
    {
        if (
            PythonVersion.TryParse(text.TrimEnd('t'), out var version)
            && version.Segment(0) == 3
            && version.Release.Length is 2 or 3
            && !version.IsPreRelease
        )
        {
            return $"3.{version.Segment(1)}{(text.EndsWith('t') ? "t" : "")}";
        }

        throw Wrong("TY5204", $"'{text}' is not a version of CPython 3", "write it like 3.12, or 3.13t for the free-threaded one");
    }

    private static string ReadPrecision(string text) =>
        StackJudge.Precisions.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? text.ToLowerInvariant()
            : throw Wrong(
                "TY5205",
                $"'{text}' is not a number format that is known",
                $"use one of {string.Join(", ", StackJudge.Precisions)}"
            );

    private static DottedVersion ReadVersion(string text, string what, string example) =>
        DottedVersion.TryParse(text, out var version)
            ? version
            : throw Wrong("TY5204", $"'{text}' is not a {what} version", $"write it like {example}");

    private static TorchyardException Wrong(string code, string message, string cure) => new(code, message, cure) { IsUsage = true };
}
