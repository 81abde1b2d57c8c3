using System.Text;

namespace Torchyard.Packages.Tests.Redist;

/// <summary>Manifests as NVIDIA publishes them, shortened to the platforms that tests ask for; numbers and order are NVIDIA's.</summary>
internal static class Manifests
{
    /// <summary>redistrib_9.0.0.json: an archive for each CUDA, sizes as texts.</summary>
    public const string Release900 = """
        {
            "release_date": "2024-02-05",
            "release_label": "9.0.0",
            "release_product": "cudnn",
            "cudnn": {
                "name": "NVIDIA CUDA Deep Neural Network library",
                "license": "cudnn",
                "license_path": "cudnn/LICENSE.txt",
                "version": "9.0.0.312",
                "linux-x86_64": {
                    "cuda11": {
                        "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda11-archive.tar.xz",
                        "sha256": "52fa7088deb25d4555e37996b3d767e61d5d4397b7d45cce50bfc54cd8608a63",
                        "md5": "a56a8c3143f7b29e1ab28f42c1612949",
                        "size": "878943764"
                    },
                    "cuda12": {
                        "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz",
                        "sha256": "d3890e609d6530ee5b88ff95b60c8e6b1c1ec7fa966ec533925f20f896fcc630",
                        "md5": "2d66eca078f49f9bb88f60cbc8ffdaed",
                        "size": "884762828"
                    }
                },
                "cuda_variant": [
                    "11",
                    "12"
                ],
                "linux-aarch64": {
                    "cuda12": {
                        "relative_path": "cudnn/linux-aarch64/cudnn-linux-aarch64-9.0.0.312_cuda12-archive.tar.xz",
                        "sha256": "38552583ebb8de96e83c9e6ec70d050254d8dc635ba47098d171ab3cc78b14f4",
                        "md5": "635c8334a3a9c1459a4f1f96a263ae9a",
                        "size": "904793708"
                    }
                }
            },
            "cudnn_samples": {
                "name": "NVIDIA cuDNN samples",
                "license": "cudnn",
                "license_path": "cudnn_samples/LICENSE.txt",
                "version": "9.0.0.312",
                "source": {
                    "relative_path": "cudnn_samples/source/cudnn_samples-source-9.0.0.312-archive.tar.xz",
                    "sha256": "ac4d2d0e0c56f66e6d4a67ae27cd2033a9fbec74f2793b36de40750be689d55f",
                    "md5": "4fa604c033dfd7f92c92b4e1e67a69ab",
                    "size": "1665112"
                }
            }
        }
        """;

    /// <summary>redistrib_8.9.7.29.json: one CUDA, described at the platform itself.</summary>
    public const string Release897 = """
        {
            "release_date": "2023-12-05",
            "release_label": "8.9.7.29",
            "release_product": "cudnn-v8-9-cuda-12",
            "cudnn": {
                "name": "NVIDIA CUDA Deep Neural Network library",
                "license": "cudnn",
                "license_path": "cudnn/LICENSE.txt",
                "version": "8.9.7.29",
                "linux-x86_64": {
                    "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-8.9.7.29_cuda12-archive.tar.xz",
                    "sha256": "475333625c7e42a7af3ca0b2f7506a106e30c93b1aa0081cd9c13efb6e21e3bb",
                    "md5": "046e32d5ab0fdc56878e9b33f3a6883d",
                    "size": "864984964"
                }
            }
        }
        """;

    /// <summary>redistrib_13.1.1.json of CUDA: libraries for servers, by the release that they bring.</summary>
    public const string Cuda1311 = """
        {
            "release_date": "2026-01-12",
            "release_label": "13.1.1",
            "release_product": "cuda",
            "cuda_compat": {
                "name": "CUDA Forward Compatability",
                "license": "CUDA Toolkit",
                "license_path": "cuda_compat/LICENSE.txt",
                "version": "590.48.01",
                "linux-x86_64": {
                    "cuda13.1": {
                        "relative_path": "cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz",
                        "sha256": "0e8c1ec14c2abbce76943cb32907b39237a41bf267ec6665f04d48b240ae539f",
                        "md5": "dbe74cef5f92c4704360c4f5c172df54",
                        "size": "95258812"
                    }
                },
                "cuda_variant": [
                    "13.1"
                ],
                "linux-sbsa": {
                    "cuda13.1": {
                        "relative_path": "cuda_compat/linux-sbsa/cuda_compat-linux-sbsa-590.48.01_cuda13.1-archive.tar.xz",
                        "sha256": "f3e02edc1a1080f44ec69478011e73218c7e20eaf52422963fd084ad0310bb64",
                        "md5": "052f6169b950c02f80a614946700c5fc",
                        "size": "87054752"
                    }
                }
            }
        }
        """;

    /// <summary>redistrib_13.0.3.json of CUDA: no libraries alone, but the driver.</summary>
    public const string Cuda1303 = """
        {
            "release_date": "2026-04-13",
            "release_label": "13.0.3",
            "release_product": "cuda",
            "nvidia_driver": {
                "name": "NVIDIA Linux Driver",
                "license": "NVIDIA Driver",
                "license_path": "nvidia_driver/LICENSE.txt",
                "version": "580.126.20",
                "linux-x86_64": {
                    "relative_path": "nvidia_driver/linux-x86_64/nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz",
                    "sha256": "81f53cda334f2e59610ec0237149d829f3e1be96ed20113998801445fc96cdf6",
                    "md5": "7d02a481f6bc11ef26de66f44dd20758",
                    "size": "492770800"
                },
                "linux-sbsa": {
                    "relative_path": "nvidia_driver/linux-sbsa/nvidia_driver-linux-sbsa-580.126.20-archive.tar.xz",
                    "sha256": "fabf8df1db0c7146b032ead41ef4c350fe51f6fd816fa0f1da6173901627fe69",
                    "md5": "163b0aa76ae8de556914b002f8996bae",
                    "size": "367307944"
                }
            }
        }
        """;

    /// <summary>redistrib_12.9.1.json of CUDA: the name cuda_compat was that of libraries for Jetson.</summary>
    public const string Cuda1291 = """
        {
            "release_date": "2025-06-05",
            "release_label": "12.9.1",
            "release_product": "cuda",
            "cuda_compat": {
                "name": "CUDA compat L4T",
                "license": "CUDA Toolkit",
                "license_path": "cuda_compat/LICENSE.txt",
                "version": "12.9.40580548",
                "linux-aarch64": {
                    "relative_path": "cuda_compat/linux-aarch64/cuda_compat-linux-aarch64-12.9.40580548-archive.tar.xz",
                    "sha256": "c03fe18b9d23881f068ac97b45001a47778f83d2361728427a3f92b551b1c898",
                    "md5": "3ca26403b8b36c5cc18104ee174ec874",
                    "size": "37422044"
                }
            }
        }
        """;

    /// <summary>A manifest of the form of 9.x for an archive of a test.</summary>
    public static byte[] Of(string version, byte[] archive) =>
        Encoding.UTF8.GetBytes(
            $$$"""
            {"release_label": "{{{version[
                ..version.LastIndexOf('.')
            ]}}}", "release_product": "cudnn", "cudnn": {"license": "cudnn", "license_path": "cudnn/LICENSE.txt", "version": "{{{version}}}",
            "linux-x86_64": {"cuda12": {"relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-{{{version}}}_cuda12-archive.tar.xz",
            "sha256": "{{{Convert.ToHexStringLower(
                System.Security.Cryptography.SHA256.HashData(archive)
            )}}}", "size": "{{{archive.Length}}}"}}, "cuda_variant": ["12"]}}
            """
        );

    /// <summary>A manifest of CUDA for an archive of a test: cuda_compat of a release.</summary>
    public static byte[] Compat(string version, string cuda, byte[] archive) =>
        Encoding.UTF8.GetBytes(
            $$$"""
            {"release_product": "cuda", "cuda_compat": {"license_path": "cuda_compat/LICENSE.txt", "version": "{{{version}}}",
            "linux-x86_64": {"cuda{{{cuda}}}": {"relative_path": "cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-{{{version}}}_cuda{{{cuda}}}-archive.tar.xz",
            "sha256": "{{{Convert.ToHexStringLower(
                System.Security.Cryptography.SHA256.HashData(archive)
            )}}}", "size": "{{{archive.Length}}}"}}, "cuda_variant": ["{{{cuda}}}"]}}
            """
        );

    /// <summary>The same with the driver.</summary>
    public static byte[] Driver(string version, byte[] archive) =>
        Encoding.UTF8.GetBytes(
            $$$"""
            {"release_product": "cuda", "nvidia_driver": {"license_path": "nvidia_driver/LICENSE.txt", "version": "{{{version}}}",
            "linux-x86_64": {"relative_path": "nvidia_driver/linux-x86_64/nvidia_driver-linux-x86_64-{{{version}}}-archive.tar.xz",
            "sha256": "{{{Convert.ToHexStringLower(
                System.Security.Cryptography.SHA256.HashData(archive)
            )}}}", "size": "{{{archive.Length}}}"}
            }}
            """
        );
}
