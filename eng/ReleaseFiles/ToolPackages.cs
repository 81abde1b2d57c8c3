using System.Text;

namespace Torchyard.ReleaseFiles;

/// <summary>
/// The packages for <c>dotnet tool install</c> and <c>dnx</c>: one that names the package for each kind of machine, and that package with
/// the native program (learn.microsoft.com/dotnet/core/tools/rid-specific-tools).
/// </summary>
internal static class ToolPackages
{
    private const string Settings = "DotnetToolSettings.xml";
    private const string Platform = $"{Release.Name}.{Release.Runtime}";

    private const string Readme = """
        # Torchyard

        Torchyard turns a Linux machine into a ready PyTorch environment: it resolves the packages, builds an OCI image, starts it isolated, and proves that it works. No Docker, no Python on the host, no root needed.

            dotnet tool install --global torchyard
            torchyard up

        or, without installing it:

            dnx torchyard up

        """;

    /// <summary>Both packages.</summary>
    public static IEnumerable<ReleaseFile> Of(Release release)
    {
        yield return Package(
            release,
            Release.Name,
            "DotnetTool",
            [
                (
                    "tools/any/any/" + Settings,
                    Encoding.UTF8.GetBytes(
                        $"""
                        <?xml version="1.0" encoding="utf-8"?>
                        <DotNetCliTool Version="2">
                          <Commands>
                            <Command Name="{Release.Name}" />
                          </Commands>
                          <RuntimeIdentifierPackages>
                            <RuntimeIdentifierPackage RuntimeIdentifier="{Release.Runtime}" Id="{Platform}" />
                          </RuntimeIdentifierPackages>
                        </DotNetCliTool>

                        """
                    )
                ),
            ]
        );
        const string Tools = $"tools/any/{Release.Runtime}/";
        yield return Package(
            release,
            Platform,
            "DotnetToolRidPackage",
            [
                (
                    Tools + Settings,
                    Encoding.UTF8.GetBytes(
                        $"""
                        <?xml version="1.0" encoding="utf-8"?>
                        <DotNetCliTool Version="2">
                          <Commands>
                            <Command Name="{Release.Name}" EntryPoint="{Release.Name}" Runner="executable" />
                          </Commands>
                        </DotNetCliTool>

                        """
                    )
                ),
                .. new[] { Release.Name, Release.Supervisor, Release.Mirror }.Select(name =>
                    (Tools + name, File.ReadAllBytes(Path.Combine(release.Program, name)))
                ),
            ]
        );
    }

    private static ReleaseFile Package(Release release, string id, string type, IEnumerable<(string Path, byte[] Content)> files)
    {
        var nuspec = $"""
            <?xml version="1.0" encoding="utf-8"?>
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata>
                <id>{id}</id>
                <version>{release.Version}</version>
                <authors>The Torchyard authors</authors>
                <license type="expression">Apache-2.0</license>
                <licenseUrl>https://licenses.nuget.org/Apache-2.0</licenseUrl>
                <readme>README.md</readme>
                <description>PyTorch-CUDA environments without Docker: resolve, build, run, prove. For Linux on x86-64.</description>
                <tags>pytorch cuda container oci gpu</tags>
                <packageTypes>
                  <packageType name="{type}" />
                </packageTypes>
              </metadata>
            </package>

            """;
        var documents = Directory.GetFiles(release.Documents).Select(file => ("doc/" + Path.GetFileName(file), File.ReadAllBytes(file)));
        return new ReleaseFile(
            $"{id}.{release.Version}.nupkg",
            NuGetPackage.Write(id, release, nuspec, [("README.md", Encoding.UTF8.GetBytes(Readme)), .. documents, .. files])
        );
    }
}
