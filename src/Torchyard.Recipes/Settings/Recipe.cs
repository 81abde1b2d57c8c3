namespace Torchyard.Recipes.Settings;

/// <summary>What the user wants, as <c>torchyard.toml</c> says it, with the defaults filled in.</summary>
public sealed record Recipe
{
    /// <summary>
    /// Name of the environment: image name and, for <c>up</c>, container name. Lower case, digits, <c>-</c>, <c>_</c>, <c>.</c>.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The base system.</summary>
    public required DebianBase Base { get; init; }

    /// <summary>
    /// Debian packages to install, each <c>name</c>, <c>name:arch</c> or <c>name=version</c>, or the path of a <c>.deb</c> relative to the
    /// recipe (<see cref="PackageFile"/>).
    /// </summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Archives beside Debian's own, in their order.</summary>
    public IReadOnlyList<ArchiveSettings> Archives { get; init; } = [];

    /// <summary>Install recommended packages too.</summary>
    public bool Recommends { get; init; }

    /// <summary>Python distributions in a virtual environment, or null for none.</summary>
    public PythonSettings? Python { get; init; }

    /// <summary>GPUs and drivers that the PyTorch stack must fit, or null to go by the machine.</summary>
    public FitSettings? Fit { get; init; }

    /// <summary>cuDNN for Debian's own CUDA packages, or null when the recipe says nothing of it.</summary>
    public CudnnSettings? Cudnn { get; init; }

    /// <summary>
    /// NVIDIA's forward-compatibility libraries for machines with older drivers, or null when the recipe says nothing of them.
    /// </summary>
    public CudaCompatSettings? CudaCompat { get; init; }

    /// <summary>Files of the project that the image has, in the order of the recipe.</summary>
    public IReadOnlyList<FilesSetting> Files { get; init; } = [];

    /// <summary>Commands that change the image when everything else is in it, in the order of the recipe.</summary>
    public IReadOnlyList<RunStep> Run { get; init; } = [];

    /// <summary>Services that the supervisor starts.</summary>
    public ServiceSettings Services { get; init; } = new();

    /// <summary>Variables of the environment when it runs.</summary>
    public EnvironmentSettings Environment { get; init; } = new();

    /// <summary>Caches that it shares with the user's other environments.</summary>
    public IReadOnlyList<SharedCache> Caches { get; init; } = [];

    /// <summary>Mounts of the environment when it is started by <c>up</c> or <c>run</c>.</summary>
    public IReadOnlyList<MountSetting> Mounts { get; init; } = [];

    /// <summary>Limits of the container; null members follow the machine.</summary>
    public LimitSettings Limits { get; init; } = new();

    /// <summary>The image to be made.</summary>
    public ImageSettings Image { get; init; } = new();

    /// <summary>The recipe without what is for running alone, which an image is made without.</summary>
    public Recipe OfImage() => this with { Limits = new LimitSettings(), Environment = new EnvironmentSettings(), Caches = [] };

    /// <summary>The recipe without files and commands of its own: its packages alone.</summary>
    public Recipe WithoutSteps() => this with { Files = [], Run = [] };
}

/// <summary>What to build on: a Debian release, or an image of the store.</summary>
public sealed record DebianBase
{
    /// <summary>Suite or codename, e.g. <c>trixie</c>; empty where an image says it.</summary>
    public required string Suite { get; init; }

    /// <summary>Name or digest of an image of the store that is built on; null to begin with nothing but packages.</summary>
    public string? Image { get; init; }

    /// <summary>Debian architecture of the image.</summary>
    public string Architecture { get; init; } = "amd64";

    /// <summary>Archive components, e.g. <c>main</c>, <c>contrib</c>.</summary>
    public IReadOnlyList<string> Components { get; init; } = ["main"];

    /// <summary>Mirrors by URL, tried in order; empty: the machine's own apt settings, else deb.debian.org.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>Further suites of the same archive such as <c>trixie-updates</c>, and the security archive when true.</summary>
    public IReadOnlyList<string> ExtraSuites { get; init; } = [];

    /// <summary>Include the security archive's <c>SUITE-security</c>.</summary>
    public bool Security { get; init; } = true;

    /// <summary>Time stamp of snapshot.debian.org, <c>20260102T030405Z</c>, to take all indexes from; null for the live archive.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Files of OpenPGP keys to trust beside Debian's own.</summary>
    public IReadOnlyList<string> Keyrings { get; init; } = [];
}

/// <summary>Services inside the environment.</summary>
public sealed record ServiceSettings
{
    /// <summary>Jupyter, or null for none.</summary>
    public JupyterSettings? Jupyter { get; init; }

    /// <summary>OpenSSH server, or null for none.</summary>
    public SshSettings? Ssh { get; init; }

    /// <summary>TensorBoard, or null for none.</summary>
    public TensorBoardSettings? TensorBoard { get; init; }

    /// <summary>The user's own, in the order of their names.</summary>
    public IReadOnlyList<OwnService> Own { get; init; } = [];

    /// <summary>What is started besides Jupyter and SSH.</summary>
    public IReadOnlyList<OwnService> Commands => [.. TensorBoard is null ? (OwnService[])[] : [TensorBoard.Service], .. Own];

    /// <summary>Every service with the port and the address that it asks for.</summary>
    public IReadOnlyList<ServicePort> Ports =>
        [
            .. Jupyter is null ? (ServicePort[])[] : [new("jupyter", Jupyter.Listen, Jupyter.Port)],
            .. Ssh is null ? (ServicePort[])[] : [new("ssh", Ssh.Listen, Ssh.Port)],
            .. Commands.Select(service => new ServicePort(service.Name, service.Listen, service.Port)),
        ];

    /// <summary>True when there is none.</summary>
    public bool IsEmpty => Ports.Count == 0;
}

/// <summary>The port that a service asks for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Listen">Address to listen on.</param>
/// <param name="Port">TCP port; 0 for a free one; null for none.</param>
public sealed record ServicePort(string Name, string Listen, int? Port);

/// <summary>Jupyter server settings.</summary>
/// <param name="Port">TCP port; 0 picks a free one at each start.</param>
/// <param name="Listen">Address to listen on; anything but loopback turns TLS on.</param>
public sealed record JupyterSettings(int Port = 8888, string Listen = "127.0.0.1");

/// <summary>SSH server settings.</summary>
/// <param name="Port">TCP port; 0 picks a free one at each start.</param>
/// <param name="Listen">Address to listen on.</param>
public sealed record SshSettings(int Port = 2222, string Listen = "127.0.0.1");

/// <summary>A mount of the environment.</summary>
/// <param name="Source">Host directory; relative to the recipe, <c>~/</c> is the user's home. Made if missing.</param>
/// <param name="Target">Absolute path in the container.</param>
/// <param name="ReadOnly">True when the container must not write to it.</param>
public sealed record MountSetting(string Source, string Target, bool ReadOnly = false)
{
    /// <summary>The host directory as an absolute path.</summary>
    /// <param name="recipeDirectory">Directory of the recipe, absolute.</param>
    /// <param name="home">The user's home directory.</param>
    public string HostPath(string recipeDirectory, string home) =>
        Source == "~" ? home
        : Source.StartsWith("~/", StringComparison.Ordinal) ? Path.GetFullPath(Source[2..], home)
        : Path.GetFullPath(Source, recipeDirectory);
}

/// <summary>Limits of a container. Null follows the machine.</summary>
public sealed record LimitSettings
{
    /// <summary>Memory in bytes.</summary>
    public long? Memory { get; init; }

    /// <summary>Memory as a share of the machine's, above 0 to 1; never together with <see cref="Memory"/>.</summary>
    public double? MemoryShare { get; init; }

    /// <summary>CPUs, e.g. 1.5.</summary>
    public double? Cpus { get; init; }

    /// <summary>Size of <c>/dev/shm</c> in bytes.</summary>
    public long? SharedMemory { get; init; }

    /// <summary>
    /// Size of <c>/dev/shm</c> as a share of the memory limit, above 0 to 1; never together with <see cref="SharedMemory"/>.
    /// </summary>
    public double? SharedMemoryShare { get; init; }

    /// <summary>Most processes and threads.</summary>
    public long? Processes { get; init; }

    /// <summary>
    /// GPUs in the words of <c>--gpus</c>: <c>all</c>, <c>none</c>, a number of free ones, or a list; null: all that are free.
    /// </summary>
    public string? Gpus { get; init; }

    /// <summary>The GPUs are given back when they were idle for so long; zero: never, as where nothing is said.</summary>
    public TimeSpan? IdleRelease { get; init; }
}

/// <summary>How a layer is compressed.</summary>
public enum LayerCompression
{
    /// <summary>Zstandard (RFC 8878), the default.</summary>
    Zstd,

    /// <summary>gzip (RFC 1952), for engines from before 2020.</summary>
    Gzip,
}

/// <summary>Settings of the image.</summary>
public sealed record ImageSettings
{
    /// <summary>Tag in the store.</summary>
    public string Tag { get; init; } = "latest";

    /// <summary>Layer compression.</summary>
    public LayerCompression Compression { get; init; } = LayerCompression.Zstd;

    /// <summary>Compression level of the chosen compressor.</summary>
    public int Level { get; init; } = DefaultLevel(LayerCompression.Zstd);

    /// <summary>Most package layers; the smallest source packages share the last one.</summary>
    public int LayerBudget { get; init; } = 20;

    /// <summary>Environment variables of the image.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>OCI labels of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The level where none is named: of zstd 3, of gzip 6, which are also those of their programs.</summary>
    public static int DefaultLevel(LayerCompression compression) => compression == LayerCompression.Gzip ? 6 : 3;

    /// <summary>The highest level; the lowest is 1.</summary>
    public static int HighestLevel(LayerCompression compression) => compression == LayerCompression.Gzip ? 9 : 19;
}
