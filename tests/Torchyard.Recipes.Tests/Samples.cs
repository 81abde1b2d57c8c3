using CsCheck;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

/// <summary>Arbitrary valid recipes and locks.</summary>
internal static class Samples
{
    private static readonly Gen<string> Word = Gen.String[Gen.Char['a', 'z'], 2, 8];
    private static readonly Gen<string> AnyText = Gen.String[
        Gen.OneOf(
            Gen.Char[' ', '~'],
            Gen.Const('\n'),
            Gen.Const('\t'),
            Gen.Const('"'),
            Gen.Const('\\'),
            Gen.Const('\u0001'),
            Gen.Const('火')
        ),
        0,
        12
    ];
    private static readonly Gen<Digest> AnyDigest = Gen.Byte.Array[32].Select(bytes => Digest.FromHash(bytes));

    private static readonly Gen<IReadOnlyList<string>> Words = Word.Array[0, 5]
        .Select(words => (IReadOnlyList<string>)[.. words.Distinct()]);

    private static readonly Gen<LimitSettings> Limits = Gen.Select(
            Gen.Int[0, 2],
            Gen.Long[1L << 30, 1L << 40],
            Gen.Int[1, 100],
            Gen.Double[0.01, 64],
            Gen.Bool
        )
        .Select(
            (kind, bytes, percent, cpus, some) =>
                new LimitSettings
                {
                    Memory = kind == 1 ? bytes : null,
                    MemoryShare = kind == 2 ? percent / 100.0 : null,
                    Cpus = some ? cpus : null,
                    SharedMemory = some ? 1L << 29 : null,
                    SharedMemoryShare = some ? null : percent / 100.0,
                    Processes = some ? 4096 : null,
                }
        );

    private static readonly Gen<ImageSettings> Image = Gen.Select(
            Word,
            Gen.Bool,
            Gen.Int[1, 9],
            Gen.Int[1, 100],
            Gen.Dictionary(Word, AnyText)[0, 3]
        )
        .Select(
            (tag, gzip, level, budget, map) =>
                new ImageSettings
                {
                    Tag = tag,
                    Compression = gzip ? LayerCompression.Gzip : LayerCompression.Zstd,
                    Level = level,
                    LayerBudget = budget,
                    Environment = map.ToDictionary(pair => pair.Key, pair => pair.Value),
                    Labels = map.ToDictionary(pair => "org.example." + pair.Key, pair => pair.Value),
                }
        );

    public static Gen<Recipe> Recipes { get; } =
        Gen.Select(Word, Words, Gen.Bool, Gen.Select(Word, Limits, Image), Gen.Int[0, 3])
            .Select(
                (name, packages, flag, rest, services) =>
                    new Recipe
                    {
                        Name = name,
                        Packages = flag ? [.. packages, $"./vendor/{name}_1_all.deb"] : packages,
                        Archives = flag
                            ?
                            [
                                new ArchiveSettings
                                {
                                    Url = $"https://{name}:${{TOKEN}}@apt.example/debian",
                                    Suite = "stable",
                                    Components = ["main", "extra"],
                                    Key = "./keys/x.asc",
                                    Packages = packages,
                                },
                                new ArchiveSettings
                                {
                                    Url = "file:///srv/" + name,
                                    Suite = "./",
                                    Key = "x.gpg",
                                },
                            ]
                            : [],
                        Recommends = flag,
                        Base = new DebianBase
                        {
                            Suite = services == 3 && flag ? "" : rest.Item1,
                            Image = services == 3 ? $"reg.example:5000/{name}:1" : null,
                            Security = flag,
                            ExtraSuites = packages,
                            Snapshot = flag ? "20260102T030405Z" : null,
                        },
                        Python = flag
                            ? new PythonSettings
                            {
                                Packages = ["torch==2.10.0", "numpy"],
                                Requirements = packages,
                                BuildPackages = ["gcc"],
                                OnlyBinary = ["numpy"],
                            }
                            : null,
                        Fit =
                            flag
                                ? new FitSettings
                                {
                                    Gpus = packages,
                                    Driver = services == 0 ? "535.183.01" : null,
                                    Torch = ">=2.8,<2.11",
                                    Build = "cu128",
                                }
                            : services == 1 ? new FitSettings()
                            : null,
                        Cudnn =
                            services == 2 ? new CudnnSettings()
                            : flag
                                ? new CudnnSettings
                                {
                                    AcceptLicense = true,
                                    Version = "9.0.0.312",
                                    Mirrors = ["https://mirror.example/redist"],
                                    Archive = "./x.tar.xz",
                                }
                            : null,
                        CudaCompat =
                            services == 1 ? new CudaCompatSettings()
                            : flag
                                ? new CudaCompatSettings
                                {
                                    AcceptLicense = true,
                                    Release = "13.1",
                                    Mirrors = ["https://mirror.example/redist"],
                                    Archive = "./y.tar.xz",
                                }
                            : null,
                        Files =
                        [
                            .. packages.Select(
                                (word, number) =>
                                    new FilesSetting($"./{word}", $"/opt/{name}/{number}") { Mode = flag ? 0x100 + number : null }
                            ),
                        ],
                        Run =
                        [
                            .. packages.Select(word => new RunStep
                            {
                                Name = flag ? word : null,
                                Command = services == 0 ? [word, "-\n\"x\""] : RunStep.OfText($"echo {word}\n  exit 1"),
                                Environment = flag ? new Dictionary<string, string> { ["A"] = word + "\"" } : new(),
                            }),
                        ],
                        Services = new ServiceSettings
                        {
                            Jupyter = (services & 1) != 0 ? new JupyterSettings(0, "0.0.0.0") : null,
                            Ssh = (services & 2) != 0 ? new SshSettings(2022) : null,
                            TensorBoard = flag ? new TensorBoardSettings(0, "::1", "./out/" + name) : null,
                            Own = flag
                                ?
                                [
                                    new OwnService
                                    {
                                        Name = "api",
                                        Command = ["python3", "serve.py", "--port=${port}"],
                                        Port = 8000 + services,
                                        Directory = "/workspace/" + name,
                                        Environment = new Dictionary<string, string> { ["A"] = name },
                                        Ready = ServiceReady.Http,
                                        ReadyPath = "/health?x=1",
                                        Restart = ServiceRestart.OnFailure,
                                    },
                                    new OwnService { Name = "watch", Command = ["/bin/sh", "-c", "sleep 1"] },
                                ]
                                : [],
                        },
                        Mounts = [.. packages.Select(word => new MountSetting("./" + word, "/workspace/" + word, flag))],
                        Limits = rest.Item2,
                        Image = rest.Item3,
                    }
            );

    private static readonly Gen<LockedDebianPackage> Package = Gen.Select(Word, Word, AnyDigest, Gen.Long[1, 1L << 35], Gen.Bool)
        .Select(
            (name, version, digest, size, flag) =>
                new LockedDebianPackage
                {
                    Name = name,
                    Version = "1:2." + version + "~rc1-1+b2",
                    Architecture = flag ? "amd64" : "all",
                    Source = name + "-src",
                    SourceVersion = flag ? version + "-1" : null,
                    Archive = digest.Hex[0] == '0' ? null : "trixie",
                    Path = digest.Hex[0] == '0' ? $"./vendor/{name}_{version}.deb" : null,
                    Filename = digest.Hex[0] == '0' ? $"{name}_{version}.deb" : $"pool/main/{name[0]}/{name}_{version}.deb",
                    Size = size,
                    Sha256 = digest,
                    InstalledSize = size * 3,
                    Essential = flag,
                    Requested = !flag,
                }
        );

    private static readonly Gen<LockedPythonPackage> Wheel = Gen.Select(Word, AnyDigest, Gen.Bool)
        .Select(
            (name, digest, flag) =>
                new LockedPythonPackage
                {
                    Name = name,
                    Version = "1.0+cpu",
                    Filename = name + "-1.0-py3-none-any.whl",
                    Size = 77,
                    Sha256 = digest,
                    Index = flag ? "pypi" : null,
                    Path = flag ? null : "./dist/x.whl",
                    RequiresPython = flag ? ">=3.10" : null,
                    Extras = flag ? ["dev"] : [],
                    Requires = flag ? ["numpy"] : [],
                    Requested = flag,
                    Source = digest.Hex[0] switch
                    {
                        < '5' => null,
                        < '9' => new LockedSource
                        {
                            Url = "https://host/r",
                            Commit = new string('c', 40),
                            Revision = flag ? "main" : null,
                            Subdirectory = flag ? "python" : null,
                            BuiltWith = ["a-1-py3-none-any.whl"],
                            Tags = flag ? [new LockedTag(new string('d', 40), "v1.0")] : [],
                        },
                        _ => new LockedSource
                        {
                            Url = flag ? null : "https://host/x.zip",
                            Path = flag ? "./x.zip" : null,
                            Filename = "x.zip",
                            Size = 5,
                            Sha256 = digest,
                        },
                    },
                }
        );

    private static LockedBase Under(Digest digest, bool python) =>
        new()
        {
            Manifest = digest,
            Architecture = "amd64",
            Distribution = python ? "debian" : null,
            Suite = python ? "trixie" : null,
            Python = python ? "3.13.5-1" : null,
            Programs = python ? null : "/opt/conda/bin",
            Environment = ["PATH=/bin", "A=\"b\" c=d"],
            Ports = python ? ["8888/tcp"] : [],
            Volumes = ["/var/lib/x"],
            Layers = [new LockedBaseLayer(digest, digest, 77, "application/vnd.oci.image.layer.v1.tar+gzip")],
            Packages =
            [
                new LockedBasePackage
                {
                    Name = "bash",
                    Version = "5.2.37-2+b10",
                    Architecture = "amd64",
                    Source = python ? "bash-src" : null,
                    SourceVersion = python ? "5.2.37-2" : null,
                },
            ],
        };

    public static Gen<RecipeLock> Locks { get; } =
        Gen.Select(Recipes, AnyDigest, Package.Array[0, 6], Wheel.Array[0, 3], Gen.Bool)
            .Select(
                (recipe, digest, packages, wheels, python) =>
                    new RecipeLock
                    {
                        RecipeDigest = digest,
                        Recipe = recipe,
                        Base = recipe.Base.Image is null ? null : Under(digest, python),
                        SourceDateEpoch = 1_767_323_045,
                        Archives =
                        [
                            new LockedArchive
                            {
                                Id = "trixie",
                                Uri = "http://deb.debian.org/debian",
                                Suite = "trixie",
                                Components = ["main"],
                                ReleaseDigest = digest,
                                ReleaseDate = 1_767_323_045,
                            },
                            new LockedArchive
                            {
                                Id = "apt.example/debian/stable",
                                Uri = "https://apt.example/debian",
                                Suite = "stable",
                                Components = packages.Length > 1 ? ["main"] : [],
                                ReleaseDigest = digest,
                                ReleaseDate = 1_767_323_046,
                                Key = new string('A', 40),
                                KeyDigest = digest,
                            },
                        ],
                        Packages =
                        [
                            .. packages
                                .DistinctBy(package => (package.Name, package.Architecture))
                                .OrderBy(package => package.Name, StringComparer.Ordinal)
                                .ThenBy(package => package.Architecture, StringComparer.Ordinal),
                        ],
                        BuildPackages = [.. packages.Take(packages.Length / 3)],
                        Python = python
                            ? new LockedPython
                            {
                                Interpreter = "3.13",
                                Resolver = "pip 25.1.1",
                                Indexes = [new LockedPythonIndex("pypi", "https://pypi.org/simple/")],
                                Packages = [.. wheels.DistinctBy(wheel => wheel.Name).OrderBy(wheel => wheel.Name, StringComparer.Ordinal)],
                                BuildPackages = [.. wheels.Take(1)],
                            }
                            : null,
                        Cudnn =
                            packages.Length > 1
                                ? new LockedCudnn
                                {
                                    Version = "9.0.0.312",
                                    Cuda = 12,
                                    Url = "https://example.org/x.tar.xz",
                                    Size = 884762828,
                                    Sha256 = digest,
                                    License = "https://example.org/LICENSE.txt",
                                }
                                : null,
                        CudaCompat =
                            packages.Length > 2
                                ? new LockedCudaCompat
                                {
                                    Version = "590.48.01",
                                    Cuda = "13.1",
                                    Url = "https://example.org/y.tar.xz",
                                    Size = 95258812,
                                    Sha256 = digest,
                                    License = "https://example.org/LICENSE.txt",
                                }
                                : null,
                        Files =
                        [
                            .. packages.Select(
                                (package, number) =>
                                    new LockedProjectFile
                                    {
                                        Source = $"./{package.Name} x/{number}",
                                        Target = $"/opt/{package.Name}/{number}",
                                        Mode = number,
                                        Size = package.Size,
                                        Sha256 = digest,
                                    }
                            ),
                        ],
                        Fit = python
                            ? new LockedFit
                            {
                                Torch = "2.9.1",
                                Build = "cu128",
                                Python = "3.13",
                                Glibc = "2.41",
                                Cudnn = packages.Length > 2 ? "9.10.2.21" : null,
                                Origin = (FitOrigin)(packages.Length % 3),
                                AskedTorch = packages.Length > 3 ? "2.9" : null,
                                Machines =
                                [
                                    .. packages.Select(package => new LockedMachine
                                    {
                                        Name = package.Name,
                                        Gpus = [package.Name],
                                        Driver = wheels.Length > 1 ? "550.54.15" : null,
                                        Architecture = "x86_64",
                                        Rules = ["ok driver: a \"fact\" [source]"],
                                    }),
                                ],
                            }
                            : null,
                        Tools = new LockedTools(1, digest, "libzstd 1.5.7"),
                    }
            );
}
