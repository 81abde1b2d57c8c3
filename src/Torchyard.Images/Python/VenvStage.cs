using System.Globalization;
using System.Reflection;
using Torchyard.Images.Sandbox;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>
/// The last Python layer: the environment itself as the base system's own <c>venv</c> module makes it, pip from the base system's wheel
/// unless the lock has one, and the bytecode of everything, compiled in one pass and checked by hash instead of time (PEP 552).
/// </summary>
internal sealed class VenvStage(IRootSandbox sandbox)
{
    /// <summary>Runs in a sandbox over the wheel layers; returns the upper directory.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="lower">Wheel layers and base system, top first.</param>
    /// <param name="directory">New directory on the store's file system.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2516, TY2517.</exception>
    internal async Task<string> RunAsync(LockedPython locked, IReadOnlyList<string> lower, string directory, CancellationToken cancellation)
    {
        var python = PythonRoot.Find(lower);
        if (python.Version != locked.Interpreter)
        {
            throw new TorchyardException(
                "TY2516",
                $"the lock's Python packages are for Python {locked.Interpreter}, the base system has {python.Version}",
                "run 'torchyard lock' again"
            );
        }

        var upper = Path.Combine(directory, "upper");
        var program = Path.Combine(directory, "program");
        Directory.CreateDirectory(upper);
        Directory.CreateDirectory(program);
        Directory.CreateDirectory(Path.Combine(directory, "work"));
        if (locked.Packages.All(p => p.Name != "pip"))
        {
            InstallPip(python, locked, upper);
        }

        await File.WriteAllTextAsync(Path.Combine(program, "venv.py"), Program(), cancellation);
        var result = await sandbox.RunAsync(
            new SandboxRequest
            {
                Lower = lower,
                Upper = upper,
                Work = Path.Combine(directory, "work"),
                Arguments =
                [
                    "/usr/bin/python3",
                    "-I",
                    "-B",
                    "/run/torchyard-venv/venv.py",
                    LockedPython.VenvPath,
                    Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
                ],
                // Nothing of the machine, and the same order of sets everywhere.
                Environment = new Dictionary<string, string>
                {
                    ["PATH"] = "/usr/bin:/bin",
                    ["LC_ALL"] = "C.UTF-8",
                    ["PYTHONHASHSEED"] = "0",
                    ["PYTHONWARNINGS"] = "ignore",
                },
                ReadOnlyMounts = new Dictionary<string, string> { [program] = "/run/torchyard-venv" },
            },
            cancellation
        );
        if (result.ExitCode != 0)
        {
            throw new TorchyardException(
                "TY2517",
                $"making {LockedPython.VenvPath} failed with exit code {result.ExitCode}:\n{result.Tail}",
                "check that the recipe's packages have python3-venv; the last lines name the cause"
            );
        }

        Own(upper);
        return upper;
    }

    /// <summary>Installs the base system's pip as any other wheel, so that <c>pip install</c> works for the user.</summary>
    private static void InstallPip(PythonRoot python, LockedPython locked, string upper)
    {
        if (python.PipWheel is not { } file)
        {
            throw PythonRoot.Missing("no pip");
        }

        using var wheel = WheelArchive.Open(file, Path.GetFileName(file));
        var package = new LockedPythonPackage
        {
            Name = "pip",
            Version = wheel.Metadata.Version,
            Filename = wheel.FileName.Text,
            Size = 0,
            Sha256 = default,
            Requested = true,
        };
        var plan = new InstallPlanner(new VenvLayout(locked.Interpreter, LockedPython.VenvPath)).Plan(wheel, package);
        InstalledFiles.Write(plan, Path.Combine(upper, LockedPython.VenvPath[1..]));
    }

    /// <summary>
    /// Gives the environment to its user. Only what is in the upper directory is touched, so that nothing of the layers is copied up.
    /// </summary>
    private static void Own(string upper)
    {
        // A package's interpreter has worked here: nothing is where it should be unless it was looked at.
        using var root = ConfinedDirectory.Open(upper);
        // The mount point that the sandbox made for the program, and what its runtime leaves, are not part of the image.
        foreach (var name in root.List().Where(name => name != "opt"))
        {
            root.DeleteTree(name);
        }

        root.SetOwner("opt", 0, 0);
        OwnTree(root, LockedPython.VenvPath[1..]);

        static void OwnTree(ConfinedDirectory parent, string path)
        {
            parent.SetOwner(path, EnvironmentPlaces.UserId, EnvironmentPlaces.UserId);
            using var directory = parent.Status(path) is { IsDirectory: true } ? parent.TryOpenDirectory(path) : null;
            foreach (var name in directory?.List() ?? [])
            {
                OwnTree(directory!, name);
            }
        }
    }

    private static string Program()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("venv.py")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
