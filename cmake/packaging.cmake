# What is packed and how (docs/packages.md). Included before the libraries are made, because of the flags;
# policyconv_packages() comes last. `./x package` builds with POLICYCONV_PACKAGE, in a directory of its own.
option(POLICYCONV_PACKAGE "Build for packages: free of build paths, and also as a program that needs few libraries"
       OFF)

if(POLICYCONV_PACKAGE)
  add_compile_options(-ffile-prefix-map=${PROJECT_BINARY_DIR}=build -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
                      -Werror=date-time)
  # Debian has no archive of fmt. Its headers hold the source; then nothing of libfmt.so is needed.
  add_compile_definitions(FMT_HEADER_ONLY)
  add_link_options(-Wl,-s -Wl,--as-needed)
endif()

# RESULT: the archive beside the shared library ITEM (a target or a path); empty if ITEM is something else or has none.
# SHARED: the shared library, if it has no archive.
function(policyconv_archive_of ITEM RESULT SHARED)
  set(${RESULT} "" PARENT_SCOPE)
  set(${SHARED} "" PARENT_SCOPE)
  set(path ${ITEM})
  if(TARGET ${ITEM})
    get_target_property(type ${ITEM} TYPE)
    get_target_property(imported ${ITEM} IMPORTED)
    if(imported AND type STREQUAL "INTERFACE_LIBRARY")  # a name for another, such as pugixml::pugixml
      get_target_property(other ${ITEM} INTERFACE_LINK_LIBRARIES)
      if(TARGET "${other}")
        policyconv_archive_of(${other} archive shared)
        set(${RESULT} "${archive}" PARENT_SCOPE)
        set(${SHARED} "${shared}" PARENT_SCOPE)
      endif()
      return()
    elseif(NOT imported OR NOT type STREQUAL "SHARED_LIBRARY")
      return()
    endif()
    get_target_property(path ${ITEM} LOCATION)
  endif()
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive ${path})
  if(archive STREQUAL path)
    return()
  elseif(EXISTS ${archive})
    set(${RESULT} ${archive} PARENT_SCOPE)
  else()
    set(${SHARED} ${path} PARENT_SCOPE)
  endif()
endfunction()

# The same program with every library that Debian has an archive of inside. The others travel with it, in lib/policyconv.
# An interface says which form is meant by the property POLICYCONV_STANDALONE of what is linked in the end.
function(policyconv_standalone)
  get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(items ${target} INTERFACE_LINK_LIBRARIES)
    set(changed "")
    foreach(item ${items})
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" name "${item}")
      policyconv_archive_of("${name}" archive shared)
      if(archive)
        string(REPLACE "${name}" "$<IF:$<BOOL:$<TARGET_PROPERTY:POLICYCONV_STANDALONE>>,${archive},${name}>" item "${item}")
      elseif(shared AND NOT shared MATCHES "libfmt")
        list(APPEND travelling ${shared})
      endif()
      list(APPEND changed "${item}")
    endforeach()
    if(items)
      set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${changed}")
    endif()
  endforeach()

  add_executable(policyconv_standalone cli/main.cpp)
  set_target_properties(policyconv_standalone PROPERTIES POLICYCONV_STANDALONE ON BUILD_WITH_INSTALL_RPATH ON
                                                         INSTALL_RPATH "$ORIGIN/../lib/policyconv")
  target_link_libraries(policyconv_standalone PRIVATE cli_library)
  target_link_options(policyconv_standalone PRIVATE -static-libstdc++ -static-libgcc)

  list(REMOVE_DUPLICATES travelling)
  foreach(library ${travelling})
    execute_process(COMMAND readelf -d ${library} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
    if(dynamic MATCHES "libstdc")
      message(FATAL_ERROR "${library} needs a C++ runtime of its own beside the one inside the program; find an archive")
    endif()
    string(REGEX MATCH "\\(SONAME\\)[^[]*\\[([^]]*)\\]" found "${dynamic}")
    file(REAL_PATH ${library} real)
    install(FILES ${real} RENAME ${CMAKE_MATCH_1} DESTINATION lib/policyconv COMPONENT standalone EXCLUDE_FROM_ALL)
  endforeach()
  install(PROGRAMS $<TARGET_FILE:policyconv_standalone> DESTINATION bin RENAME policyconv COMPONENT standalone
          EXCLUDE_FROM_ALL)
endfunction()

# Man pages and completions come from the help and the parser of the command line, so they cannot disagree with either.
function(policyconv_documents)
  set(documents ${PROJECT_BINARY_DIR}/documents)
  policyconv_library(packaging packaging/*.cpp)
  target_link_libraries(packaging PUBLIC cli_library PRIVATE nlohmann_json::nlohmann_json)
  add_executable(packaging_tool packaging/main.cpp)
  target_link_libraries(packaging_tool PRIVATE packaging)
  target_compile_definitions(packaging_tool PRIVATE POLICYCONV_VERSION="${PROJECT_VERSION}")
  add_custom_command(OUTPUT ${documents}/stamp
                     COMMAND ${CMAKE_COMMAND} -E rm -rf ${documents}
                     COMMAND packaging_tool documents ${documents}
                     COMMAND ${CMAKE_COMMAND} -E touch ${documents}/stamp
                     DEPENDS packaging_tool
                     COMMENT "Writing man pages and completions")
  add_custom_target(documents ALL DEPENDS ${documents}/stamp)
  install(DIRECTORY ${documents}/share DESTINATION .)
endfunction()

function(policyconv_packages)
  policyconv_documents()
  install(TARGETS policyconv RUNTIME DESTINATION bin)
  # kubectl runs a program of this name as `kubectl policyconv`.
  install(CODE [[file(CREATE_LINK policyconv "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/bin/kubectl-policyconv" SYMBOLIC)]])
  # Made by packaging/pack, of the packages that were linked.
  install(DIRECTORY ${PROJECT_BINARY_DIR}/notices/ DESTINATION share/doc/policyconv COMPONENT notices EXCLUDE_FROM_ALL)
  if(POLICYCONV_PACKAGE)
    policyconv_standalone()
    add_custom_target(packed DEPENDS policyconv policyconv_standalone documents packaging_tool)
  endif()

  set(CPACK_GENERATOR DEB)
  set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};policyconv;ALL;/" "${PROJECT_BINARY_DIR};policyconv;notices;/")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/settle_tree.cmake)
  set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                  WORLD_READ WORLD_EXECUTE)
  set(CPACK_PACKAGE_NAME policyconv)
  set(CPACK_PACKAGE_VENDOR policyconv)
  set(CPACK_PACKAGE_CONTACT "policyconv maintainers <maintainers@policyconv.invalid>")
  set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION admin)
  set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
      "Cilium and Kubernetes network policies to Kube-OVN objects
policyconv compiles CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and
NetworkPolicy objects to Kube-OVN SecurityGroups and Subnet ACLs, reports for
every rule whether its meaning is kept, and proves it for all packets.
.
kubectl runs it as `kubectl policyconv`.")
  set(CPACK_SOURCE_GENERATOR "")
  include(CPack)
endfunction()
