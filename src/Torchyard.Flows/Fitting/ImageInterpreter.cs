using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Fitting;

/// <summary>The interpreter of the image's base system.</summary>
/// <param name="Target">What its wheels must fit.</param>
/// <param name="Python">Its full version.</param>
internal sealed record ImageInterpreter(InterpreterTarget Target, PythonVersion Python)
{
    /// <summary>CPython as wheels name it, e.g. <c>3.13</c>.</summary>
    public string Line => $"3.{Target.Minor}";

    /// <summary>The interpreter and glibc that the locked Debian packages bring.</summary>
    /// <exception cref="TorchyardException">TY2516: there is no Python 3 among them.</exception>
    public static ImageInterpreter Of(RecipeLock locked) => Of(locked.Recipe, locked.SystemPackages());

    /// <summary>As above, for packages that are known before there is a lock.</summary>
    public static ImageInterpreter Of(Recipe recipe, IReadOnlyList<SystemPackage> packages)
    {
        // Versions such as 3.13.5-1 and 2.41-12.
        var python = Upstream(packages, "python3") is { } text && PythonVersion.TryParse(text, out var version) ? version : null;
        var glibc =
            Upstream(packages, "libc6") is { } release && PythonVersion.TryParse(release, out var parsed) ? (int)parsed.Segment(1) : 0;
        if (python is null || glibc == 0)
        {
            throw new TorchyardException(
                "TY2516",
                "the base system has no Python 3",
                "add python3 and python3-venv to the recipe's packages"
            );
        }

        var machine = recipe.Base.Architecture switch
        {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            var other => other,
        };
        return new ImageInterpreter(new InterpreterTarget((int)python.Segment(1), glibc, machine), python);
    }

    private static string? Upstream(IReadOnlyList<SystemPackage> packages, string package) =>
        packages.FirstOrDefault(p => p.Name == package)?.Version.Split('-')[0];
}
